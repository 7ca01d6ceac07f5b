// posthog-js with nothing set but the address, behind what the shop's page calls. It sends nothing of a browser that
// calls itself headless, unless it is told to.
{
  const { collector, writeKey } = window.settings
  const posthog = window.posthog
  posthog.init(writeKey, { api_host: collector, capture_pageview: false, opt_out_useragent_filter: true })
  window.analytics = {
    page: () => posthog.capture('$pageview'),
    track: (event, properties) => posthog.capture(event.toLowerCase(), properties),
    identify: (id, traits) => posthog.identify(id, traits),
    reset: () => posthog.reset(),
  }
}
