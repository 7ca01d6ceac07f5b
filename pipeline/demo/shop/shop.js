// The shop itself. It knows window.analytics, as any page with Segment's snippet does, and nothing of who listens.
{
  const PRODUCTS = [
    { product_id: 'P1', name: 'Trail runner', category: 'Shoes', price: 89.9 },
    { product_id: 'P2', name: 'City boot', category: 'Shoes', price: 129 },
    { product_id: 'P3', name: 'Rain jacket', category: 'Jackets', price: 74.5 },
    { product_id: 'P4', name: 'Day pack', category: 'Bags', price: 49 },
    { product_id: 'P5', name: 'Wool socks', category: 'Basics', price: 12.5 },
    { product_id: 'P6', name: 'Steel bottle', category: 'Basics', price: 24.9 },
  ]
  const CURRENCY = 'EUR'
  const analytics = window.analytics
  const { visitor } = window.settings
  const at = (id) => document.getElementById(id)
  const money = (amount) => amount.toLocaleString(navigator.language, { style: 'currency', currency: CURRENCY })
  const say = (text) => { at('said').textContent = text }
  const draw = () => Math.random().toString(36).slice(2, 10)
  let cart = new Map()
  let cartId = `cart-${draw()}`
  let orderId = ''

  const lines = () => [...cart].map(([product, quantity]) => ({ ...product, quantity }))
  const total = () => Math.round(lines().reduce((sum, line) => sum + line.price * line.quantity, 0) * 100) / 100
  const totals = () => ({ order_id: orderId, cart_id: cartId, value: total(), currency: CURRENCY, products: lines() })

  function element(name, text, ...children) {
    const made = document.createElement(name)
    if (text) made.textContent = text
    made.append(...children)
    return made
  }

  function button(id, text, label, act) {
    const made = element('button', text)
    Object.assign(made, { id, type: 'button' })
    made.setAttribute('aria-label', label)
    made.addEventListener('click', act)
    return made
  }

  function view(product) {
    analytics.track('Product Viewed', { ...product, quantity: 1, currency: CURRENCY })
    say(`${product.name}: a fine thing for ${money(product.price)}.`)
  }

  function add(product) {
    cart.set(product, (cart.get(product) ?? 0) + 1)
    analytics.track('Product Added', { ...product, cart_id: cartId, quantity: 1, currency: CURRENCY })
    say(`${product.name} is in the cart.`)
    show()
  }

  function remove(product) {
    analytics.track('Product Removed', { ...product, cart_id: cartId, quantity: cart.get(product), currency: CURRENCY })
    cart.delete(product)
    say(`${product.name} is out of the cart.`)
    show()
  }

  function show() {
    at('cart').replaceChildren(...[...cart].map(([product, quantity]) => {
      const out = button(`remove-${product.product_id}`, 'Remove', `Remove ${product.name}`, () => remove(product))
      out.className = 'plain'
      return element('li', `${quantity} × ${product.name}`, out)
    }))
    at('empty').hidden = cart.size > 0
    at('total').textContent = cart.size ? money(total()) : ''
    at('checkout').disabled = cart.size === 0
    at('order').disabled = orderId === '' || cart.size === 0
  }

  function greet(name) {
    at('login').hidden = name !== ''
    at('greeting').hidden = name === ''
    at('who').textContent = `Hello ${name}`
  }

  at('products').replaceChildren(...PRODUCTS.map((product) => {
    const look = button(`view-${product.product_id}`, 'Look closer', `Look closer at ${product.name}`, () => view(product))
    look.className = 'plain'
    const put = button(`add-${product.product_id}`, 'Add', `Add ${product.name} to the cart`, () => add(product))
    const actions = element('div', '', look, put)
    actions.className = 'actions'
    return element('li', '', element('h3', product.name), element('p', `${product.category}, ${money(product.price)}`), actions)
  }))

  at('checkout').addEventListener('click', () => {
    orderId = orderId || `order-${draw()}`
    analytics.track('Checkout Started', totals())
    say('One more step: order.')
    show()
  })

  at('order').addEventListener('click', () => {
    analytics.track('Order Completed', { ...totals(), total: total(), revenue: total() })
    say('Thank you for the order.')
    cart = new Map()
    cartId = `cart-${draw()}`
    orderId = ''
    show()
  })

  at('login').addEventListener('submit', (event) => {
    event.preventDefault()
    const name = at('name').value.trim()
    analytics.identify(visitor + name.toLowerCase().replaceAll(/[^a-z0-9-]+/g, '-'), { firstName: name })
    greet(name)
  })

  at('leave').addEventListener('click', () => {
    analytics.reset()
    greet('')
  })

  // Where the demo serves this page, it tells here what was decided.
  const told = new Set()
  async function ask() {
    const answer = await fetch('/decisions')
    if (!answer.ok) return
    at('decisions').hidden = false
    const mine = [localStorage.getItem('anonymous'), localStorage.getItem('user')]
    for (const { number, shopper, time, text } of await answer.json()) {
      if (told.has(number) || !mine.includes(shopper)) continue
      told.add(number)
      at('decided').prepend(element('li', '', element('time', time), text))
    }
    setTimeout(ask, 1000)
  }

  show()
  greet((localStorage.getItem('user') ?? '').replace(visitor, ''))
  analytics.page('Shop')
  ask().catch(() => {})
}
