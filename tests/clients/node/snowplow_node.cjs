// @snowplow/node-tracker
const snowplow = require('@snowplow/node-tracker')
const { HOST, KNOWN } = require('./shop.cjs')

const COMMERCE = 'iglu:com.snowplowanalytics.snowplow.ecommerce'
const PRODUCT = { id: 'P1', price: 59.9, currency: 'EUR', category: 'Shoes', quantity: 1 }
const settings = { namespace: 'sp1', appId: 'shop', encodeBase64: false }
const tracker = snowplow.newTracker(settings, { endpoint: HOST, eventMethod: 'post', bufferSize: 10 })
tracker.setUserId(KNOWN)
tracker.track(snowplow.buildPageView({ pageUrl: 'https://shop.example/', pageTitle: 'Home' }))
tracker.track(
  snowplow.buildSelfDescribingEvent({
    event: { schema: `${COMMERCE}/snowplow_ecommerce_action/jsonschema/1-0-2`, data: { type: 'add_to_cart' } },
  }),
  [{ schema: `${COMMERCE}/product/jsonschema/1-0-0`, data: PRODUCT }],
)
tracker.track(snowplow.buildEcommerceTransaction({ orderId: 'O1', total: 119.8, currency: 'EUR' }))
tracker.flush()
