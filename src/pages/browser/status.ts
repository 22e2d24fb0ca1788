import { byId } from './dom.ts'

interface Status {
  /** The service answered the last request. */
  readonly isReached: boolean
  /** Changes of other tabs and programs arrive. */
  readonly isLive: boolean
  /** The first connection has not been made yet. */
  readonly isPending: boolean
  /** Writes that were not confirmed yet, and those of them that wait for a decision of the user. */
  readonly waiting: number
  readonly undecided: number
  /** The service has asked to wait before further writes. */
  readonly isPaused: boolean
  /** Whether the browser keeps them over a reload. */
  readonly isKept: boolean
}

/** The line at the bottom: whether the page is live, and what waits. */
export function showStatus(status: Status): void {
  const { isReached, isLive, isPending } = status
  const line = byId('status', HTMLElement)
  const text = isPending ? '' : textOf(status)
  // Screen readers announce a text that is set, also if it is the same.
  if (line.textContent !== text) line.textContent = text
  line.className = isReached && isLive ? 'live' : isPending ? '' : 'offline'
}

function textOf({ isReached, isLive, waiting, undecided, isPaused, isKept }: Status): string {
  const changes = waiting === 1 ? '1 change is' : `${waiting} changes are`
  const place = isKept ? 'kept in this browser' : 'kept only while this tab is open'
  if (!isReached && waiting === 0) return 'Offline. The page connects again by itself.'
  if (!isReached) return `Offline. ${changes} ${place} and sent when the service is back.`
  if (waiting > undecided && isPaused) return `The service is busy. ${changes} ${place} and sent in a moment.`
  if (waiting > undecided) return `${changes} being sent.`
  if (undecided > 0) return 'A change needs your decision.'
  return isLive ? 'Live' : 'Connecting…'
}
