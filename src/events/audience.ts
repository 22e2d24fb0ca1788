import type { ChangePage } from '../changes/store.ts'
import type { LogPosition } from '../db/change-log.ts'
import type { SyncPosition } from '../http/sync-cursor.ts'
import { framesOf } from './frames.ts'
import type { Listener } from './listener.ts'

/** While a user's changes come in quick succession, they are read together, at most this often. */
const PACE_MS = 100

/** The listeners of one user at the same position, who get the same page. */
export interface Group {
  readonly from: SyncPosition
  readonly members: readonly [Listener, ...Listener[]]
  /** The number of the last wake-up before the page was read. */
  readonly wakes: number
}

/** The listeners of one user in this process. */
export class Audience {
  readonly userId: string
  readonly listeners = new Set<Listener>()
  /** Whether it waits for a read, or is being read for. */
  isQueued = false
  /** Before this time, in milliseconds, it is not read for again. */
  nextReadMs = 0
  /** The newest position of the log that was read. */
  head: LogPosition | undefined
  #wakes = 0

  constructor(userId: string) {
    this.userId = userId
  }

  /** There may be something to read, for every listener. */
  wake(): void {
    this.#wakes++
  }

  /** The listeners furthest behind, of those who can take a page; undefined if none is behind. */
  nextGroup(): Group | undefined {
    const behind = [...this.listeners].filter(({ isReady, wakesSeen }) => isReady && wakesSeen < this.#wakes)
    const [last] = behind.toSorted((a, b) => a.position.seq - b.position.seq)
    if (last === undefined) return undefined
    const key = keyOf(last.position)
    const others = behind.filter((each) => each !== last && keyOf(each.position) === key)
    return { from: last.position, members: [last, ...others], wakes: this.#wakes }
  }

  /** Gives a page to the members of a group. @returns the number of events */
  give({ from, members, wakes }: Group, page: ChangePage): number {
    const frames = framesOf(this.userId, from, page)
    this.head = page.next.head
    let sent = 0
    for (const member of members) {
      // It may have ended during the read.
      if (!member.isReady) continue
      member.take(frames, page)
      if (!page.hasMore) member.wakesSeen = wakes
      sent += frames.length
    }
    if (!page.hasMore) this.nextReadMs = performance.now() + PACE_MS
    return sent
  }

  /** Whether a position of the log is another than the one that was read last. */
  isNew({ seq, changeId }: LogPosition): boolean {
    return this.head?.seq !== seq || this.head.changeId !== changeId
  }
}

const keyOf = ({ seq, head, loadedTo }: SyncPosition): string => [seq, head.seq, head.changeId, loadedTo].join(' ')
