// posthog-node
const { PostHog } = require('posthog-node')
const { HOST, KNOWN, ANONYMOUS } = require('./shop.cjs')

async function main() {
  const client = new PostHog('phc_test', { host: HOST })
  const distinctId = KNOWN
  client.capture({ distinctId, event: 'order completed', properties: { order_id: 'O1', revenue: 119.8 } })
  client.identify({ distinctId, properties: { email: 'a@example.com' } })
  client.alias({ distinctId, alias: ANONYMOUS })
  await client.shutdown()
}

main()
