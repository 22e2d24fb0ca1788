import { decidedText, type ConsentPage } from '../views/consent-page.ts'
import { call, refusalOf } from './api.ts'
import { byId, readData, toNodes } from './dom.ts'
import { watchSession } from './session.ts'

/**
 * The script of `/consent`. It sends the decision with the token of the session, and not as a form: so no other site can send it, and
 * the policy `form-action` does not apply to the redirect that follows, which browsers would block without a word.
 */

// The server has written it, with this type.
const page = readData() as ConsentPage
const form = document.getElementById('consent')
if (form instanceof HTMLFormElement) watch(form)
const back = document.getElementById('return')
if (back !== null && !('clientId' in page.asked)) {
  const { redirectTo } = page.asked
  back.addEventListener('click', () => leave(redirectTo ?? ''))
}
watchSession(page.user)

function watch(form: HTMLFormElement): void {
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const isAllowed = event.submitter instanceof HTMLButtonElement && event.submitter.value === 'allow'
    void decide(form, isAllowed)
  })
  enable(form, true)
}

function enable(form: HTMLFormElement, isEnabled: boolean): void {
  for (const button of form.querySelectorAll('button')) button.disabled = !isEnabled
}

async function decide(form: HTMLFormElement, isAllowed: boolean): Promise<void> {
  const fault = byId('fault', HTMLParagraphElement)
  const scopes = [...form.querySelectorAll<HTMLInputElement>('input[name=scope]:checked')].map(({ value }) => value)
  if (isAllowed && scopes.length === 0) {
    fault.textContent = 'Choose at least one thing that the app may do, or deny the access.'
    return
  }
  enable(form, false)
  fault.textContent = ''
  try {
    const decision = isAllowed ? { decision: 'allow', scopes } : { decision: 'deny' }
    const answer = await call('POST', '/api/apps/authorization', { body: { request: page.request, ...decision } })
    // This route answers with the URL.
    if (answer.ok) return leave((answer.json as { readonly redirectTo: string }).redirectTo)
    fault.textContent = `${refusalOf(answer).detail}.`.replace(/\.\.$/, '.')
  } catch {
    fault.textContent = 'The service cannot be reached. Try again.'
  }
  enable(form, true)
}

/** The service accepts no scheme that runs a script. */
function leave(redirectTo: string): void {
  byId('main', HTMLElement)
    .querySelector('section')
    ?.replaceChildren(...toNodes(decidedText(redirectTo)))
  location.assign(redirectTo)
}
