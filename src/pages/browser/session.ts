import { actOnlyFor, forgetToken, onSessionEnd } from './api.ts'
import { byId, ROOT } from './dom.ts'

/** Ends the session in all tabs at once; the event stream of a tab would notice within 30 seconds. */
const tabs = new BroadcastChannel('session')

/** The button that signs out, and what is shown when the session has ended. @param user whom the page shows */
export function watchSession(user: { readonly id: string }): void {
  actOnlyFor(user)
  const dialog = byId('signed-out', HTMLDialogElement)
  onSessionEnd(() => {
    if (!dialog.open) dialog.showModal()
  })
  dialog.addEventListener('close', () => location.replace(ROOT))
  tabs.addEventListener('message', () => location.replace(ROOT))
  byId('sign-out', HTMLButtonElement).addEventListener('click', () => void signOut())
}

async function signOut(): Promise<void> {
  const button = byId('sign-out', HTMLButtonElement)
  button.disabled = true
  try {
    const { ok } = await fetch(`${ROOT}api/auth/sign-out`, { method: 'POST' })
    if (ok) return leave()
  } catch {
    // The service cannot be reached, so the session continues.
  }
  button.disabled = false
  button.textContent = 'Sign out (try again)'
}

/** After the session has ended: this tab and the others show the page for visitors. */
export function leave(): void {
  forgetToken()
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a BroadcastChannel only reaches its own origin
  tabs.postMessage('ended')
  location.replace(ROOT)
}
