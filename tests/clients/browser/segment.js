// @segment/analytics-next, as its snippet loads it: one request an event, or in batches.
{
  const { collector, writeKey, known, batching } = window.settings
  const strategy = { strategy: 'batching', config: { size: 10, timeout: 500 } }
  const endpoint = { apiKey: writeKey, apiHost: `${collector.replace('http://', '')}/v1`, protocol: 'http' }
  const options = batching ? { integrations: { 'Segment.io': { deliveryStrategy: strategy } } } : {}
  const cdnSettings = { integrations: { 'Segment.io': batching ? { ...endpoint, deliveryStrategy: strategy } : endpoint } }
  const analytics = AnalyticsNext.AnalyticsBrowser.load({ writeKey, cdnSettings }, options)
  const products = [{ product_id: 'P1', quantity: 2, price: 59.9 }]
  const order = { order_id: 'O1', revenue: 119.8 }
  window.analytics = analytics
  window.captured = () => {
    analytics.page('Docs', 'Home')
    analytics.track('Product Viewed', { product_id: 'P1', price: 59.9 })
    analytics.track('Order Completed', batching ? order : { ...order, currency: 'EUR', products })
    analytics.identify(known, { email: 'a@example.com' })
  }
}
