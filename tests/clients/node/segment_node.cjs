// @segment/analytics-node
const { Analytics } = require('@segment/analytics-node')
const { HOST, KNOWN, ANONYMOUS, OPENED } = require('./shop.cjs')

async function main() {
  const analytics = new Analytics({ writeKey: 'wk_test', host: HOST, path: '/v1/batch' })
  const timestamp = OPENED
  const [anonymousId, userId] = [ANONYMOUS, KNOWN]
  analytics.page({ anonymousId, name: 'Home', properties: { url: 'https://shop.example/', path: '/' }, timestamp })
  analytics.track({ anonymousId, event: 'Product Viewed', properties: { product_id: 'P1', price: 59.9 }, timestamp })
  analytics.identify({ userId, anonymousId, traits: { email: 'a@example.com' }, timestamp })
  const products = [{ product_id: 'P1', quantity: 2, price: 59.9 }]
  const properties = { order_id: 'O1', revenue: 119.8, currency: 'EUR', products }
  analytics.track({ userId, event: 'Order Completed', properties, timestamp, messageId: `order-${userId}` })
  analytics.alias({ userId, previousId: anonymousId })
  analytics.group({ userId, groupId: 'g-1' })
  await analytics.closeAndFlush()
}

main()
