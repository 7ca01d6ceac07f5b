// Does in a real Chromium what it is told, a line at a time: `open URL`, `click ID`, `fill ID TEXT`, or `captured`, the
// calls that were captured once. Answers each line with what the page complained of meanwhile. Ends with its input.
const readline = require('node:readline')
const { chromium } = require('playwright-core')

const QUIET = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
]

async function main() {
  const browser = await chromium.launch({ executablePath: process.argv[2], args: QUIET })
  const page = await (await browser.newContext({ locale: 'en-US', timezoneId: 'UTC' })).newPage()
  page.setDefaultTimeout(10_000)
  const complaints = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  const actions = {
    open: async (url) => {
      await page.goto(url)
      await page.waitForFunction(() => window.analytics !== undefined)
    },
    click: (id) => page.click(`#${id}`),
    fill: (id, text) => page.fill(`#${id}`, text),
    captured: () => page.evaluate(() => { window.captured() }),
  }
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [action, ...words] = line.split(' ')
    await actions[action](...words).catch((error) => { throw new Error(`${error} ${complaints}`) })
    console.log(JSON.stringify({ done: line, complaints: complaints.splice(0) }))
  }
  await browser.close()
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
