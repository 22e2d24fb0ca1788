/** The one form of a page that `link-pages.ts` serves. It has no imports, because it is part of the page. */

const form = document.querySelector('form')
const fault = document.getElementById('fault')
const done = document.getElementById('done')
const button = document.querySelector('button')
const retry = document.getElementById('retry')

const token = location.hash.slice(1)
// The token stays neither in the address bar nor in the history.
history.replaceState(null, '', location.pathname)

if (form !== null && button !== null && fault !== null && done !== null) {
  if (form.hasAttribute('data-token') && token === '') {
    fault.textContent = 'The link is not complete. Open it from the mail again.'
    form.hidden = true
  }
  button.disabled = false
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void submit(form, button, fault, done)
  })
}

async function submit(
  form: HTMLFormElement,
  button: HTMLButtonElement,
  fault: HTMLElement,
  done: HTMLElement,
): Promise<void> {
  button.disabled = true
  fault.textContent = ''
  const body = { ...Object.fromEntries(new FormData(form)), ...(form.hasAttribute('data-token') && { token }) }
  fault.textContent = (await refusalOf(form.dataset['action'] ?? '', body)) ?? ''
  button.disabled = false
  // A disabled button loses the focus.
  if (fault.textContent !== '') return (form.querySelector('input') ?? button).focus()
  form.hidden = true
  retry?.remove()
  done.hidden = false
  done.focus()
}

/** @returns why the service refused; undefined if it did not */
async function refusalOf(path: string, body: object): Promise<string | undefined> {
  try {
    const answer = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (answer.ok) return undefined
    const problem: unknown = await answer.json().catch(() => undefined)
    const hasDetail = typeof problem === 'object' && problem !== null && 'detail' in problem
    return hasDetail ? `${String(problem.detail)}.` : 'The service cannot answer now. Try again later.'
  } catch {
    return 'The service cannot be reached. Try again.'
  }
}
