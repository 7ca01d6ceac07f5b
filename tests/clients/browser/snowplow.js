// @snowplow/browser-tracker with its e-commerce plugin, behind what the shop's page calls.
{
  const { collector, writeKey, known } = window.settings
  const { newTracker, trackPageView, setUserId } = window.snowplowBrowserTracking
  const commerce = window.snowplowEcommerceAccelerator
  const plugins = [commerce.SnowplowEcommercePlugin()]
  newTracker('sp1', collector, { appId: writeKey, encodeBase64: false, plugins })
  const product = ({ product_id, ...rest }) => ({ id: product_id, ...rest })
  const cart = ({ cart_id, ...given }) => ({
    cart_id, total_value: given.price, currency: given.currency, products: [product(given)],
  })
  const ACTIONS = {
    'Product Viewed': (given) => commerce.trackProductView(product(given)),
    'Product Added': (given) => commerce.trackAddToCart(cart(given)),
    'Product Removed': (given) => commerce.trackRemoveFromCart(cart(given)),
    'Checkout Started': () => commerce.trackCheckoutStep({ step: 1 }),
    'Order Completed': ({ order_id, revenue, currency, products }) => commerce.trackTransaction({
      transaction_id: order_id, revenue, currency, payment_method: 'card',
      products: products.map((each) => product({ ...each, currency })),
    }),
  }
  const identify = (id) => {
    setUserId(id)
    commerce.setEcommerceUser({ id, is_guest: false })
  }
  window.analytics = { page: () => trackPageView(), track: (event, given) => ACTIONS[event](given), identify, reset() {} }
  window.captured = () => {
    const runner = { id: 'P1', name: 'Runner', price: 59.9, currency: 'EUR', category: 'Shoes', quantity: 2 }
    setUserId(known)
    trackPageView()
    identify(known)
    commerce.setPageType({ type: 'product' })
    commerce.trackProductView(runner)
    commerce.trackAddToCart({ cart_id: 'C1', total_value: 119.8, currency: 'EUR', products: [runner] })
    commerce.trackCheckoutStep({ step: 1 })
    commerce.trackTransaction({
      transaction_id: 'O1', revenue: 119.8, currency: 'EUR', payment_method: 'card', products: [runner],
    })
    commerce.trackRefund({
      transaction_id: 'O1', currency: 'EUR', refund_amount: 59.9, refund_reason: 'size', products: [runner],
    })
  }
}
