// Text becomes text, never markup: nothing in these pages is made of strings of HTML.

export function element(name, properties = {}, ...children) {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(properties)) {
    if (key === 'class') made.className = value
    else made.setAttribute(key, value)
  }
  made.append(...children.map((child) => (child instanceof Node ? child : document.createTextNode(String(child)))))
  return made
}

export function shopperLink(shopper, text = shopper) {
  return element('a', { href: `#/shopper/${encodeURIComponent(shopper)}` }, text)
}

export function table(heads, rows) {
  const head = element('tr', {}, ...heads.map((text) => element('th', { scope: 'col' }, text)))
  const body = rows.map((cells) => element('tr', {}, ...cells.map((cell, number) =>
    element(number ? 'td' : 'th', number ? {} : { scope: 'row' }, cell))))
  return [element('thead', {}, head), element('tbody', {}, ...body)]
}

const whole = new Intl.NumberFormat('en')
const tenths = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })

export const count = (number) => whole.format(number)
export const rate = (number) => (number === null ? '?' : tenths.format(number))

// An instant as it is in the data, shortened for the eye; the whole is its machine-readable form.
export function time(instant) {
  const text = String(instant)
  return element('time', { datetime: text, title: text }, text.slice(0, 19).replace('T', ' '))
}
