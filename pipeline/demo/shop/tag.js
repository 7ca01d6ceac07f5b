// The least that a client in Segment's wire format can be: window.analytics with page, track, identify and reset. One
// request an event, in order; what is not acknowledged is sent again under the same message id.
{
  const { collector, writeKey, visitor } = window.settings
  const LETTERS = { page: 'p', track: 't', identify: 'i' }
  const TRIES = 5
  const drawn = () => Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, '0')).join('')
  const kept = (name, make) => {
    if (localStorage.getItem(name) === null) localStorage.setItem(name, make())
    return localStorage.getItem(name)
  }
  const anonymousId = () => kept('anonymous', () => visitor + drawn())
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

  async function send(call) {
    const headers = { 'Content-Type': 'text/plain', Authorization: `Basic ${btoa(`${writeKey}:`)}` }
    for (let attempt = 1; attempt <= TRIES; attempt += 1) {
      try {
        const body = JSON.stringify({ ...call, sentAt: new Date().toISOString() })
        const answer = await fetch(`${collector}/v1/${LETTERS[call.type]}`, { method: 'POST', headers, body, keepalive: true })
        if (answer.ok || (answer.status < 500 && answer.status !== 429)) return
      } catch {
        // The network, or the collector, is away.
      }
      await pause(1000 * attempt)
    }
  }

  let last = Promise.resolve()
  function call(type, fields) {
    const page = { path: location.pathname, title: document.title, url: location.href, search: location.search }
    const made = {
      type,
      anonymousId: anonymousId(),
      userId: localStorage.getItem('user'),
      messageId: `demo-${drawn()}`,
      timestamp: new Date().toISOString(),
      context: { page, locale: navigator.language, timezone: Intl.DateTimeFormat().resolvedOptions().timeZone },
      ...fields,
    }
    last = last.then(() => send(made))
  }

  window.analytics = {
    page: (name, properties = {}) => call('page', { name, properties }),
    track: (event, properties = {}) => call('track', { event, properties }),
    identify: (userId, traits = {}) => {
      localStorage.setItem('user', userId)
      call('identify', { traits })
    },
    reset: () => localStorage.clear(),
  }
}
