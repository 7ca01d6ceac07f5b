// @rudderstack/analytics-js, without its control plane.
{
  const { collector, writeKey, known } = window.settings
  const analytics = new window.rudderanalytics.RudderAnalytics()
  const config = { statsCollection: { errors: { enabled: false }, metrics: { enabled: false } } }
  const source = { id: 's', name: 'shop', writeKey, enabled: true, destinations: [], connections: [], config }
  analytics.load(writeKey, collector, { getSourceConfig: () => ({ source }) })
  window.analytics = analytics
  window.captured = () => {
    analytics.page('Docs', 'Home')
    analytics.track('Product Viewed', { product_id: 'P1', price: 59.9 })
    analytics.identify(known, { email: 'a@example.com' })
    analytics.track('Order Completed', { order_id: 'O1', revenue: 119.8 })
  }
}
