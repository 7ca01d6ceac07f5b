// The live page: frames come a few times a second and are drawn once a picture, the last one only.
import { count, element, rate, shopperLink, table, time } from './element.js'

const MOST = 60
const SVG = 'http://www.w3.org/2000/svg'
const at = (id) => document.getElementById(id)

let frame = null
let waiting = []
let newest = 0
let paused = false

export function watch() {
  at('pause').addEventListener('click', () => {
    paused = !paused
    at('pause').setAttribute('aria-pressed', String(paused))
    at('pause').textContent = paused ? 'Go on' : 'Pause'
    plan()
  })
  const source = new EventSource('/api/live')
  source.addEventListener('open', () => {
    // It tells its latest again, and one that was started anew numbers them from the beginning.
    waiting = []
    newest = 0
    at('latest').replaceChildren()
  })
  source.addEventListener('message', (message) => {
    const next = JSON.parse(message.data)
    waiting = waiting.concat(next.latest.filter((one) => one.number > newest)).slice(-MOST)
    newest = Math.max(newest, ...next.latest.map((one) => one.number))
    frame = next
    tell(next.problem)
    plan()
  })
  source.addEventListener('error', () => tell('The console does not answer; this page tries again.'))
}

function tell(problem) {
  at('problem').hidden = !problem
  if (at('problem').textContent !== problem) at('problem').textContent = problem
}

let planned = false
function plan() {
  if (planned) return
  planned = true
  requestAnimationFrame(() => {
    planned = false
    if (frame !== null) draw(frame)
  })
}

function draw(told) {
  at('name').textContent = ` · ${told.name}`
  figures(told)
  if (!paused) latest()
  segments(told)
  funnel(told)
  tiers(told)
  at('topics').replaceChildren(...table(['Topic', 'per second', 'in all'],
    told.topics.map((one) => [one.topic, rate(one.rate), count(one.count)])))
  dead(told.dead_letters)
}

function figures(told) {
  const decided = told.topics.reduce((sum, one) => sum + one.rate, 0)
  const shown = [
    ['events/s', rate(told.arrivals)], ['decisions/s', rate(decided)], ['decisions', count(told.decided)],
    ['dead letters', count(told.dead_letters.count)],
  ]
  at('figures').replaceChildren(...shown.map(([name, value]) =>
    element('div', {}, element('dt', {}, name), element('dd', {}, value))))
}

// Only what is new is made: a link that has the focus keeps it.
function latest() {
  for (const one of waiting) {
    at('latest').prepend(element('li', { class: one.topic },
      time(one.at), shopperLink(one.shopper), element('span', { class: 'told' }, one.text),
      element('span', { class: 'cause' }, one.cause ? `by ${one.cause}` : '')))
  }
  waiting = []
  while (at('latest').childElementCount > MOST) at('latest').lastElementChild.remove()
}

function bars(entries) {
  const most = Math.max(1, ...entries.map(([, value]) => value))
  return entries.map(([name, value, extra]) => element('li', {},
    element('span', {}, name), element('meter', { min: 0, max: most, value, 'aria-label': name }),
    element('b', {}, count(value)), ...(extra ? [extra] : [])))
}

function segments(told) {
  at('segments').replaceChildren(...bars(told.segments.map((one) => [one.name, one.members, line(one)])))
}

function line(segment) {
  const values = segment.over_time
  const least = Math.min(...values)
  const span = Math.max(...values) - least || 1
  const drawn = document.createElementNS(SVG, 'svg')
  drawn.setAttribute('viewBox', '0 0 100 20')
  drawn.setAttribute('preserveAspectRatio', 'none')
  drawn.setAttribute('role', 'img')
  drawn.setAttribute('aria-label', `${segment.name}: from ${values[0]} to ${values.at(-1)} members`)
  const path = document.createElementNS(SVG, 'polyline')
  const step = 100 / Math.max(1, values.length - 1)
  path.setAttribute('points', values.map((value, x) => `${x * step},${18 - ((value - least) / span) * 16}`).join(' '))
  drawn.append(path)
  return drawn
}

function funnel(told) {
  const parts = told.abandonment.map((one) => {
    const rows = one.stages.map((value, number) => [`reminder ${number + 1}`, value])
    return element('div', {}, element('h3', {}, one.name),
      element('ul', { class: 'bars' }, ...bars([...rows, ['recovered', one.recovered], ['taken back', one.retracted]])),
      element('p', { class: 'note' }, `won back: ${one.won}`))
  })
  const reasons = Object.entries(told.suppressed)
  if (reasons.length) {
    parts.push(element('div', {}, element('h3', {}, 'messages suppressed'),
      element('ul', { class: 'bars' }, ...bars(reasons))))
  }
  at('funnel').replaceChildren(...parts)
}

function tiers(told) {
  at('tiers').replaceChildren(...Object.entries(told.tiers).map(([programme, levels]) => element('div', {},
    element('h3', {}, programme), element('ul', { class: 'bars' }, ...bars(Object.entries(levels))))))
}

let shownDead = ''
function dead(told) {
  // Drawn again only when it changes: one that is open stays open.
  const now = `${told.count} ${told.latest.length}`
  if (now === shownDead) return
  shownDead = now
  at('dead').replaceChildren(...(told.latest.length ? told.latest.map((one) => element('details', {},
    element('summary', {}, time(one.at), element('b', {}, one.reason), one.detail),
    element('p', { class: 'note' }, `from ${one.place}`), element('pre', { tabindex: 0 }, one.record))) : ['None.']))
}
