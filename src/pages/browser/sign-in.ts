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
  byId('notice', HTMLParagraphElement).textContent = ''
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
  const { isSignedIn, refusal } = await post(`api/auth/sign-${isNew ? 'up' : 'in'}/email`, body)
  fault.textContent = refusal ?? ''
  button.disabled = false
  if (isSignedIn) {
    if (form.dataset['stays'] === undefined) location.replace(ROOT)
    else location.reload()
  }
  if (isSignedIn || refusal !== undefined) return
  setMode(form, 'in')
  byId('notice', HTMLParagraphElement).textContent =
    `A mail with a link is on its way to ${credentials.email}. Open the link, then sign in.`
}

interface Outcome {
  /** False also after a sign-up whose address has to be verified first. */
  readonly isSignedIn: boolean
  readonly refusal?: string
}

async function post(path: string, body: object): Promise<Outcome> {
  try {
    const answer = await fetch(ROOT + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-timezone': Intl.DateTimeFormat().resolvedOptions().timeZone },
      body: JSON.stringify(body),
    })
    const json: unknown = await answer.json().catch(() => undefined)
    // These routes answer with a token, or null.
    if (answer.ok) return { isSignedIn: (json as { readonly token?: string | null } | undefined)?.token !== null }
    const { detail } = refusalOf({ status: answer.status, json })
    return { isSignedIn: false, refusal: `${detail}.`.replace(/\.\.$/, '.') }
  } catch {
    return { isSignedIn: false, refusal: 'The service cannot be reached. Try again.' }
  }
}
