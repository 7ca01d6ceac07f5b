// @rudderstack/rudder-sdk-node
const RudderAnalytics = require('@rudderstack/rudder-sdk-node')
const { HOST, KNOWN, ANONYMOUS, OPENED } = require('./shop.cjs')

const rudder = new RudderAnalytics('wk_test', { dataPlaneUrl: HOST })
const timestamp = OPENED
const [anonymousId, userId] = [ANONYMOUS, KNOWN]
rudder.page({ anonymousId, name: 'Home', properties: { url: 'https://shop.example/' }, timestamp })
rudder.track({ anonymousId, event: 'Product Viewed', properties: { product_id: 'P1', price: 59.9 }, timestamp })
rudder.identify({ userId, traits: { email: 'a@example.com' }, timestamp })
rudder.track({ userId, event: 'Order Completed', properties: { order_id: 'O1', revenue: 119.8 }, timestamp })
rudder.flush()
