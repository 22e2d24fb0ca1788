import { refusalOf } from './api.ts'
import { byId, ROOT } from './dom.ts'

/** The forms of `/` for visitors. */

const form = document.getElementById('credentials')
if (form instanceof HTMLFormElement) watch(form)

function watch(form: HTMLFormElement): void {
  const other = byId('other-mode', HTMLButtonElement)
  other.addEventListener('click', () => setMode(form, form.dataset['mode'] === 'in' ? 'up' : 'in'))
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void submit(form)
  })
  if (location.hash === '#sign-up') setMode(form, 'up')
}

function setMode(form: HTMLFormElement, mode: 'in' | 'up'): void {
  const isNew = mode === 'up'
  form.dataset['mode'] = mode
  byId('field-name', HTMLDivElement).hidden = !isNew
  byId('form-title', HTMLHeadingElement).textContent = isNew ? 'Sign up' : 'Sign in'
  byId('submit', HTMLButtonElement).textContent = isNew ? 'Sign up' : 'Sign in'
  byId('other-mode', HTMLButtonElement).textContent = isNew ? 'Have an account? Sign in' : 'New here? Sign up'
  byId('input-password', HTMLInputElement).autocomplete = isNew ? 'new-password' : 'current-password'
  byId('fault', HTMLParagraphElement).textContent = ''
  byId(isNew ? 'input-name' : 'input-email', HTMLInputElement).focus()
}

async function submit(form: HTMLFormElement): Promise<void> {
  const button = byId('submit', HTMLButtonElement)
  const fault = byId('fault', HTMLParagraphElement)
  const isNew = form.dataset['mode'] === 'up'
  const value = (name: string): string => byId(`input-${name}`, HTMLInputElement).value
  const empty = [...(isNew ? ['name'] : []), 'email', 'password'].find((name) => value(name).trim() === '')
  if (empty !== undefined) {
    fault.textContent = `Enter your ${empty === 'email' ? 'e-mail address' : empty}.`
    return byId(`input-${empty}`, HTMLInputElement).focus()
  }
  button.disabled = true
  fault.textContent = ''
  const credentials = { email: value('email').trim(), password: value('password') }
  const body = isNew ? { name: value('name'), ...credentials } : credentials
  fault.textContent = (await post(`api/auth/sign-${isNew ? 'up' : 'in'}/email`, body)) ?? ''
  button.disabled = false
  if (fault.textContent === '') location.replace(ROOT)
}

/** @returns why it was refused; undefined if it succeeded */
async function post(path: string, body: object): Promise<string | undefined> {
  try {
    const answer = await fetch(ROOT + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-timezone': Intl.DateTimeFormat().resolvedOptions().timeZone },
      body: JSON.stringify(body),
    })
    if (answer.ok) return undefined
    const refusal = refusalOf({ status: answer.status, json: await answer.json().catch(() => undefined) })
    return `${refusal.detail}.`.replace(/\.\.$/, '.')
  } catch {
    return 'The service cannot be reached. Try again.'
  }
}
