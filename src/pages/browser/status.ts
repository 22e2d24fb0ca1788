import { byId } from './dom.ts'

interface Status {
  /** The service answered the last request. */
  readonly isReached: boolean
  /** Changes of other tabs and programs arrive. */
  readonly isLive: boolean
  /** The first connection has not been made yet. */
  readonly isPending: boolean
  /** Writes that were not confirmed yet. */
  readonly waiting: number
  /** Whether the browser keeps them over a reload. */
  readonly isKept: boolean
}

/** The line at the bottom: whether the page is live, and what waits. */
export function showStatus({ isReached, isLive, isPending, waiting, isKept }: Status): void {
  const footer = byId('status', HTMLElement)
  const changes = waiting === 1 ? '1 change is' : `${waiting} changes are`
  const place = isKept ? 'kept in this browser' : 'kept only while this tab is open'
  const text = isPending
    ? ''
    : !isReached
      ? waiting === 0
        ? 'Offline. The page connects again by itself.'
        : `Offline. ${changes} ${place} and sent when the service is back.`
      : waiting > 0
        ? `${changes} being sent.`
        : isLive
          ? 'Live'
          : 'Connecting…'
  if (footer.textContent !== text) footer.textContent = text
  footer.className = isReached && isLive ? 'live' : isPending ? '' : 'offline'
}
