// The page of a shopper.
import { count, element, table, time } from './element.js'

const page = document.getElementById('shopper')
let asked = 0

export async function show(shopper) {
  const mine = ++asked
  page.replaceChildren(element('h2', {}, shopper), element('p', { role: 'status' }, 'Asking the brokers…'))
  let answer, data
  try {
    answer = await fetch(`/api/shopper?id=${encodeURIComponent(shopper)}`)
    data = await answer.json()
  } catch {
    data = { message: 'The console does not answer; ask again.' }
  }
  if (mine !== asked) return
  if (data.message !== undefined) {
    page.replaceChildren(element('h2', {}, shopper), element('p', { role: 'status' }, data.message), again(shopper))
    return
  }
  page.replaceChildren(
    head(data, shopper), rules(data), timeline(data), ...data.ledger.map(ledger), state(data.state))
}

function again(shopper) {
  const button = element('button', { type: 'button' }, 'Ask again')
  button.addEventListener('click', () => show(shopper))
  return button
}

const short = (instant) => (instant === null ? 'never' : instant.slice(0, 16).replace('T', ' '))

function head(data, shopper) {
  const told = [
    ['segments', data.rules.filter((one) => one.member).map((one) => one.name).join(', ') || 'none'],
    ['stage', data.state.stage ?? 'none'],
    ['first seen', short(data.state.first_seen)],
    ['looked at next', short(data.state.timers.next)],
  ]
  return element('section', { class: 'wide' },
    element('div', { class: 'title' }, element('h2', {}, data.shopper), again(shopper)),
    element('p', { class: 'note' }, 'As of ', time(data.as_of), '. Traits and addresses are not shown.'),
    element('dl', { class: 'figures small' }, ...told.map(([name, value]) =>
      element('div', {}, element('dt', {}, name), element('dd', {}, value)))))
}

function rules(data) {
  const first = data.rules.find((rule) => rule.member) ?? data.rules[0]
  const made = data.rules.map((rule) => element('details', rule === first ? { open: '' } : {},
    element('summary', {}, element('b', {}, rule.name),
      element('span', { class: rule.member ? 'in' : 'out' },
        rule.member === null ? 'programme' : rule.member ? 'member' : 'not a member')),
    element('pre', { tabindex: 0 }, rule.lines.join('\n'))))
  return element('section', {}, element('h2', {}, 'Why'), ...made)
}

function timeline(data) {
  const rows = data.timeline.map((one) => element('li', { class: one.topic },
    time(one.at), element('span', { class: 'told' }, one.text),
    element('span', { class: 'cause' }, one.cause ? `by ${one.cause}` : '')))
  return element('section', {}, element('h2', {}, 'What was decided'),
    element('ol', { class: 'decisions', tabindex: 0, 'aria-label': 'Decisions, the latest first' }, ...(rows.length ? rows : [element('li', {}, 'Nothing that topics still keep.')])))
}

function ledger(one) {
  const rows = one.entries.map((entry) =>
    [time(entry.effective_at), entry.entry, count(entry.points), count(entry.balance), entry.order_id ?? ''])
  const verdict = one.faults.length ? one.faults.join(' ') : 'Every balance is the one before it and the points of its entry.'
  return element('section', {}, element('h2', {}, `Points of ${one.programme}`),
    element('p', { class: 'note' }, verdict),
    element('div', { class: 'scroll', tabindex: 0 },
      element('table', {}, ...table(['When', 'Entry', 'Points', 'Balance', 'Order'], rows))))
}

function state(told) {
  return element('section', {}, element('h2', {}, 'State'),
    element('details', {}, element('summary', {}, 'All of it, as data'),
      element('pre', { tabindex: 0 }, JSON.stringify(told, null, 2))))
}
