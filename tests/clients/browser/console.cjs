// Looks at a console as its users do, and tells what it saw, as JSON. Arguments: Chromium, the console's address, what to
// do (`hostile` or `explain`), a folder for pictures, and how long to wait before the first, ms.
const path = require('node:path')
const { chromium } = require('playwright-core')

const QUIET = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync']
const PHONE = { width: 360, height: 740 }
const DESK = { width: 1280, height: 860 }
const [, , executablePath, url, what, folder, wait] = process.argv

// Markup that text became, and whether any of it ran.
const marks = () => ({
  owned: window.owned ?? null,
  made: document.querySelectorAll('img, script:not([src="/console.js"])').length,
  decision: document.querySelector('#latest a')?.textContent,
  letter: document.querySelector('#dead pre')?.textContent,
  cause: document.querySelector('#latest .cause')?.textContent,
})

// The least contrast of any text that is shown, as WCAG reckons it.
const contrast = () => {
  const channels = (colour) => colour.match(/[\d.]+/g).map(Number)
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((one) => (one / 255 <= 0.04045 ? one / 255 / 12.92 : ((one / 255 + 0.055) / 1.055) ** 2.4))
    return 0.2126 * x + 0.7152 * y + 0.0722 * z
  }
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = channels(getComputedStyle(at).backgroundColor)
      if (colour.length === 3 || colour[3] > 0) return colour
    }
    return [255, 255, 255]
  }
  const found = []
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walk.nextNode()) {
    const node = walk.currentNode.parentElement
    if (!walk.currentNode.textContent.trim() || !node.checkVisibility()) continue
    const [a, b] = [channels(getComputedStyle(node).color), behind(node)].map(luminance)
    found.push((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05))
  }
  return Math.min(...found)
}

const wider = () => document.documentElement.scrollWidth - innerWidth

async function looked(page, told, name) {
  told[`${name} contrast`] = {}
  for (const colorScheme of ['dark', 'light']) {
    await page.emulateMedia({ colorScheme })
    told[`${name} contrast`][colorScheme] = await page.evaluate(contrast)
  }
  await page.setViewportSize(PHONE)
  told[`${name} wider than a phone`] = await page.evaluate(wider)
  await page.setViewportSize(DESK)
}

async function hostile(page, told) {
  await page.waitForSelector('#latest a')
  await page.click('#dead summary')
  told.live = await page.evaluate(marks)
  await looked(page, told, 'live')
  await page.click('#latest a')
  await page.waitForSelector('#shopper [role=status]:has-text("is not known")')
  told.shopper = await page.evaluate(() => ({
    owned: window.owned ?? null,
    made: document.querySelectorAll('#shopper img, #shopper script').length,
    title: document.querySelector('#shopper h2').textContent,
  }))
}

async function explain(page, told) {
  await page.waitForSelector('#latest .segment-changes a', { timeout: 60_000 })
  const before = Number((await page.textContent('#figures div:nth-child(3) dd')).replaceAll(',', ''))
  await page.waitForFunction((count) =>
    Number(document.querySelector('#figures div:nth-child(3) dd').textContent.replaceAll(',', '')) > count, before)
  told.live = true
  told.paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime)
  await page.waitForTimeout(Number(wait))
  await looked(page, told, 'live')
  await page.screenshot({ path: path.join(folder, 'console-live.png') })
  // By keyboard alone: pause, and then the first shopper.
  await page.focus('#pause')
  await page.keyboard.press('Enter')
  await page.focus('#latest .segment-changes a')
  const shopper = await page.textContent('#latest .segment-changes a')
  await page.keyboard.press('Enter')
  await page.waitForSelector('#shopper details summary', { timeout: 60_000 })
  told.shopper = shopper === await page.textContent('#shopper h2')
  await page.waitForTimeout(200)
  told.decisions = await page.locator('#shopper .decisions time').count()
  const rule = page.locator('#shopper details:not([open]) summary').first()
  await rule.focus()
  await page.keyboard.press('Enter')
  told.why = await page.locator('#shopper details[open] pre').first().textContent()
  told.text = await page.textContent('#shopper')
  await looked(page, told, 'shopper')
  await page.evaluate(() => scrollTo(0, 0))
  await page.screenshot({ path: path.join(folder, 'console-shopper.png') })
}

async function main() {
  const browser = await chromium.launch({ executablePath, args: QUIET })
  const page = await (await browser.newContext({ locale: 'en-US', viewport: DESK })).newPage()
  page.setDefaultTimeout(30_000)
  const told = { complaints: [] }
  page.on('pageerror', (error) => told.complaints.push(String(error)))
  // Of what was refused, a 404 is an answer that the test asks for.
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('status of 404')) told.complaints.push(message.text())
  })
  await page.goto(url)
  await { hostile, explain }[what](page, told)
  await browser.close()
  console.log(JSON.stringify(told))
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
