// Reads an AsyncAPI document from standard input with the reference parser, and prints what it says of it.
const { Parser } = require("@asyncapi/parser");
const { AvroSchemaParser } = require("@asyncapi/avro-schema-parser");
const { readFileSync } = require("node:fs");

async function main() {
  const parser = new Parser({ schemaParsers: [AvroSchemaParser()] });
  const { document, diagnostics } = await parser.parse(readFileSync(0, "utf8"));
  const told = diagnostics.map(({ code, message, path, severity }) => ({ code, message, path, severity }));
  const channels = (document?.channels().all() ?? []).map((channel) => ({
    id: channel.id(),
    address: channel.address(),
    operations: channel.operations().all().map((each) => each.action()),
    messages: channel.messages().all().map((each) => ({ name: each.name(), fields: Object.keys(each.payload()?.properties() ?? {}) })),
  }));
  process.stdout.write(JSON.stringify({ diagnostics: told, channels }));
}

main();
