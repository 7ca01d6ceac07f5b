// Where the collector is, who shops, and when.
module.exports = {
  HOST: process.env.COLLECTOR,
  KNOWN: process.env.KNOWN,
  ANONYMOUS: process.env.ANONYMOUS,
  OPENED: new Date(Number(process.env.OPENED) * 1000),
}
