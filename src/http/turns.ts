import { Pauses, type LoopClock } from './pauses.ts'
import { USUAL_BOUNDS, type TurnBounds } from './turn-bounds.ts'

/** The expected cost of a request. */
export interface Cost {
  /** Bytes that are read, written and answered, as estimated at the time of the call. */
  bytes(this: void): number
  /** Size of the body, which is in memory while the request waits. */
  readonly bodyBytes: number
  /** Whether it may take long regardless of its bytes. A user has one such request in progress at a time. */
  readonly isLong: boolean
}

/** A request in progress. */
export interface Turn {
  readonly isHeavy: boolean
  /** The work is done: the next request may start. The answer is held in memory until {@link end}. */
  done(answerBytes: number): void
  /** The client has read the answer, or has left. */
  end(): void
}

interface Entry {
  readonly user: User
  readonly cost: Cost
  readonly onTurn: (turn: Turn) => void
}

interface User {
  readonly name: string
  lightRunning: number
  /** Light requests that have begun so far. */
  lightBegun: number
  /** Whether a long or heavy request is in progress. There is one at a time. */
  isBusy: boolean
  heldBytes: number
  readonly light: Entry[]
  readonly single: Entry[]
  /** The virtual time at which its last heavy request ends. */
  endsAt: number
}

/** Maximum number of idle users whose virtual time is remembered. Beyond it the oldest is forgotten. */
const AHEAD_MAX = 1_024

/**
 * Decides the order in which requests run, so that a user with expensive requests delays itself and not other users.
 *
 * - Light requests of a user start in order of arrival, up to `lightPerUser` at once. They wait for nothing else.
 * - Long and heavy requests of a user run one after the other.
 * - Heavy requests share a few places of the process, and a very large one has the process to itself. Among users the order is
 *   start-time fair queueing (Goyal et al., 1996) over bytes: each request takes virtual time in proportion to its bytes, and the
 *   user with the earliest time is next. Users with requests always waiting get equal bytes, independent of the sizes of their answers.
 * - After a heavy request during which other users began requests, no further one starts for a multiple of the time that the
 *   event loop worked meanwhile. So the other users have the process to themselves most of the time, and their median latency stays.
 * - A large answer that its client has not read counts against its user, so that slow readers block themselves first.
 */
export class Turns {
  readonly #bounds: TurnBounds
  readonly #pauses: Pauses
  readonly #users = new Map<string, User>()
  /** Users with a long or heavy request waiting. */
  readonly #queue = new Set<User>()
  /** Idle users whose virtual time may be ahead of the process's. */
  readonly #ahead = new Set<User>()
  #heavyRunning = 0
  #heavyRunningBytes = 0
  #heldBytes = 0
  #waiting = 0
  #waitingBodyBytes = 0
  #virtualTime = 0
  #latestEnd = 0
  #lightBegun = 0

  constructor(bounds: Partial<TurnBounds> = {}, clock?: LoopClock) {
    this.#bounds = { ...USUAL_BOUNDS, ...bounds }
    this.#pauses = new Pauses(this.#bounds, () => this.#beginSingles(), clock)
  }

  get counts(): { readonly waiting: number; readonly heldBytes: number; readonly users: number } {
    return { waiting: this.#waiting, heldBytes: this.#heldBytes, users: this.#users.size }
  }

  /**
   * Calls `onTurn` when the request may start: at once or later.
   *
   * @returns undefined if `onTurn` was called; a function that withdraws the request, for instance if its client leaves; or 'user'
   *   or 'all' if the request may not wait, because too many requests of that user or of all users are waiting
   */
  request(name: string, cost: Cost, onTurn: (turn: Turn) => void): (() => void) | undefined | 'user' | 'all' {
    const user = this.#userOf(name)
    const entry: Entry = { user, cost, onTurn }
    const isSingle = cost.isLong || this.#isHeavy(entry)
    const queue = isSingle ? user.single : user.light
    const mayBegin = isSingle ? !user.isBusy : user.lightRunning < this.#bounds.lightPerUser
    if (mayBegin && queue.length === 0 && !this.#isHeavy(entry)) {
      this.#begin(entry, isSingle)
      return undefined
    }
    const refusal = this.#mayNotWait(user, cost)
    if (refusal !== undefined) {
      this.#forget(user)
      return refusal
    }
    this.#waiting++
    this.#waitingBodyBytes += cost.bodyBytes
    queue.push(entry)
    if (isSingle) {
      this.#queue.add(user)
      this.#beginSingles()
    }
    return queue.includes(entry) ? () => this.#withdraw(entry) : undefined
  }

  #isHeavy({ cost }: Entry): boolean {
    return cost.bytes() >= this.#bounds.heavyBytes
  }

  #mayNotWait(user: User, { bodyBytes }: Cost): 'user' | 'all' | undefined {
    const { waitingPerUser, waiting, waitingBodyBytes } = this.#bounds
    if (user.light.length + user.single.length >= waitingPerUser) return 'user'
    const isFull = this.#waiting >= waiting || this.#waitingBodyBytes + bodyBytes > waitingBodyBytes
    return isFull ? 'all' : undefined
  }

  #withdraw(entry: Entry): void {
    const { user } = entry
    for (const queue of [user.light, user.single]) {
      const at = queue.indexOf(entry)
      if (at < 0) continue
      queue.splice(at, 1)
      this.#noLongerWaits(entry)
    }
    this.#next(user)
  }

  #noLongerWaits({ user, cost }: Entry): void {
    this.#waiting--
    this.#waitingBodyBytes -= cost.bodyBytes
    if (user.single.length === 0) this.#queue.delete(user)
  }

  #begin(entry: Entry, isSingle: boolean): void {
    const { user, cost, onTurn } = entry
    const heavyBytes = isSingle && this.#isHeavy(entry) ? cost.bytes() : 0
    if (isSingle) user.isBusy = true
    else this.#countLight(user)
    if (heavyBytes > 0) {
      this.#heavyRunning++
      this.#heavyRunningBytes += heavyBytes
      this.#virtualTime = this.#startOf(user)
      this.#spend(user, heavyBytes, this.#virtualTime)
    }
    onTurn(this.#turn(entry, isSingle, heavyBytes))
  }

  #countLight(user: User): void {
    user.lightRunning++
    user.lightBegun++
    this.#lightBegun++
  }

  #spend(user: User, bytes: number, from = user.endsAt): void {
    user.endsAt = from + bytes
    this.#latestEnd = Math.max(this.#latestEnd, user.endsAt)
  }

  #turn({ user, cost }: Entry, isSingle: boolean, expectedBytes: number): Turn {
    const isHeavy = expectedBytes > 0
    const pause = isHeavy ? this.#pauses.watch(() => this.#lightBegun - user.lightBegun) : undefined
    let isDone = false
    let isEnded = false
    let heldBytes = 0
    const hold = (bytes: number): void => {
      user.heldBytes += bytes - heldBytes
      this.#heldBytes += bytes - heldBytes
      heldBytes = bytes
    }
    return {
      isHeavy,
      done: (answerBytes) => {
        if (isDone) return
        isDone = true
        if (isSingle) user.isBusy = false
        else user.lightRunning--
        if (isHeavy) {
          this.#heavyRunning--
          this.#heavyRunningBytes -= expectedBytes
          // Replaces the expected bytes by the actual ones, which count at least as those of a heavy request.
          this.#spend(user, Math.max(answerBytes, cost.bodyBytes, this.#bounds.heavyBytes) - expectedBytes)
          pause?.()
        }
        if (!isEnded && answerBytes >= this.#bounds.heavyBytes) hold(answerBytes)
        this.#next(user)
      },
      end: () => {
        isEnded = true
        if (heldBytes === 0) return
        hold(0)
        this.#next(user)
      },
    }
  }

  #next(user: User): void {
    while (user.lightRunning < this.#bounds.lightPerUser) {
      const entry = user.light.shift()
      if (entry === undefined) break
      // The estimate for its user's rows may have grown since.
      if (this.#isHeavy(entry)) {
        user.single.push(entry)
        this.#queue.add(user)
      } else {
        this.#noLongerWaits(entry)
        this.#begin(entry, false)
      }
    }
    this.#beginSingles()
    this.#forget(user)
  }

  #beginSingles(): void {
    for (;;) {
      const entry = this.#nextSingle()
      if (entry === undefined) break
      entry.user.single.shift()
      this.#noLongerWaits(entry)
      this.#begin(entry, true)
    }
    if (this.#heavyRunning > 0 || this.#queue.size > 0) return
    // No heavy work is left, so all users start with the same virtual time.
    this.#virtualTime = this.#latestEnd
    for (const user of this.#ahead) this.#drop(user)
  }

  /** The next long or heavy request that may start: one that is not heavy, or else the one with the earliest virtual time. */
  #nextSingle(): Entry | undefined {
    const { heldBytesPerUser, heldBytes, heavyAtOnce, heavyBytesAtOnce } = this.#bounds
    let earliest: Entry | undefined
    for (const user of this.#queue) {
      const [entry] = user.single
      if (entry === undefined || user.isBusy) continue
      if (!this.#isHeavy(entry)) return entry
      const isHolding = user.heldBytes > 0 && user.heldBytes + entry.cost.bytes() > heldBytesPerUser
      if (isHolding) continue
      if (earliest === undefined || this.#startOf(user) < this.#startOf(earliest.user)) earliest = entry
    }
    if (earliest === undefined || this.#pauses.isPaused) return undefined
    const bytes = earliest.cost.bytes()
    const hasPlace =
      this.#heavyRunning === 0 ||
      (this.#heavyRunning < heavyAtOnce && this.#heavyRunningBytes + bytes <= heavyBytesAtOnce)
    const hasRoom = this.#heldBytes === 0 || this.#heldBytes + bytes <= heldBytes
    // If it may not start, smaller ones do not overtake it, or a large answer could wait for ever.
    return hasPlace && hasRoom ? earliest : undefined
  }

  #startOf({ endsAt }: User): number {
    return Math.max(this.#virtualTime, endsAt)
  }

  #userOf(name: string): User {
    let user = this.#users.get(name)
    if (user === undefined) {
      user = { name, lightRunning: 0, lightBegun: 0, isBusy: false, heldBytes: 0, light: [], single: [], endsAt: 0 }
      this.#users.set(name, user)
    }
    return user
  }

  #forget(user: User): void {
    if (!isIdle(user)) return
    this.#ahead.delete(user)
    if (user.endsAt <= this.#virtualTime) return void this.#users.delete(user.name)
    const [oldest] = this.#ahead.add(user)
    if (this.#ahead.size > AHEAD_MAX && oldest !== undefined) this.#drop(oldest)
  }

  #drop(user: User): void {
    this.#ahead.delete(user)
    if (isIdle(user)) this.#users.delete(user.name)
  }
}

const isIdle = ({ lightRunning, isBusy, heldBytes, light, single }: User): boolean =>
  !isBusy && lightRunning + heldBytes + light.length + single.length === 0
