// Mirrors who is a member of which segment, in a file that other programs read.
//
//   npm install kafkajs
//   node members.js localhost:9092 members.json
//
// kafkajs reads committed records only, unless told otherwise. A change may come again after a crash: of each shopper and
// segment the one with the highest `sequence` counts, so taking one twice changes nothing. Silent changes are taken, too:
// a mirror has to tell what is, and sends nobody a message.
const { existsSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const { Kafka, logLevel } = require("kafkajs");

const [brokers, path] = process.argv.slice(2);
const members = new Map(existsSync(path) ? Object.entries(JSON.parse(readFileSync(path, "utf8"))) : []);

function take(change) {
  const key = `${change.segment} ${change.shopper}`;
  if (change.sequence > (members.get(key)?.sequence ?? 0)) {
    members.set(key, { member: change.change === "entered", sequence: change.sequence, at: change.effective_at });
  }
}

// Whole or not at all: whoever reads it meanwhile sees the former one.
function save() {
  writeFileSync(`${path}.new`, JSON.stringify(Object.fromEntries(members)));
  renameSync(`${path}.new`, path);
}

async function main() {
  const kafka = new Kafka({ clientId: "members", brokers: brokers.split(","), logLevel: logLevel.ERROR });
  const consumer = kafka.consumer({ groupId: "members", readUncommitted: false });
  for (const signal of ["SIGTERM", "SIGINT"]) {
    process.on(signal, () => consumer.disconnect().then(() => process.exit(0)));
  }
  await consumer.connect();
  await consumer.subscribe({ topics: ["segment-changes"], fromBeginning: true });
  await consumer.run({
    // offsets are committed when this returns: after the file is written
    eachBatch: async ({ batch }) => {
      for (const { value } of batch.messages) {
        if (value !== null) take(JSON.parse(value.toString()));
      }
      save();
    },
  });
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
