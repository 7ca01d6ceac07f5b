// Which page is shown stands behind the # of the address.
import { watch } from './live.js'
import { show } from './shopper.js'

const SHOPPER = '#/shopper/'
const live = document.getElementById('live')
const shopper = document.getElementById('shopper')

function route() {
  const { hash } = location
  let id = ''
  try {
    id = hash.startsWith(SHOPPER) ? decodeURIComponent(hash.slice(SHOPPER.length)) : ''
  } catch {
    // Not one of our addresses.
  }
  live.hidden = id !== ''
  shopper.hidden = id === ''
  document.title = id === '' ? 'Afterclick' : `${id} · Afterclick`
  if (id !== '') {
    document.getElementById('shopper-id').value = id
    show(id)
    document.getElementById('main').focus({ preventScroll: true })
    scrollTo(0, 0)
  }
}

document.getElementById('find').addEventListener('submit', (event) => {
  event.preventDefault()
  location.hash = SHOPPER + encodeURIComponent(document.getElementById('shopper-id').value)
})
addEventListener('hashchange', (event) => {
  // The link to the content is no page.
  if (new URL(event.newURL).hash !== '#main') route()
})
route()
watch()
