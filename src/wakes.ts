import { randomUUID } from 'node:crypto'
import { ReplyError, type Redis } from 'ioredis'

/** How often a process that listens tests whether Redis delivers its messages. */
const PROBE_INTERVAL_MS = 1_000
/** A subscription that has missed this many probes in a row gets a new connection: the old one may be half-open. */
const RECONNECT_AFTER = 4
/** One message may be late on a busy machine. */
const MISSED_MAX = 2
/** How often a process tries to send what Redis did not take. */
const RESEND_INTERVAL_MS = 500
/** The users whose wake-ups wait for Redis. Other processes find the changes of further users with their next check of credentials. */
const UNSENT_MAX = 1_000

/** The connection on which wake-ups are published. `ask` returns undefined while Redis is unavailable. */
export interface WakeStore {
  readonly client: Redis
  ask<T>(this: void, command: () => Promise<T>): Promise<T | undefined>
}

export interface WakeListener {
  /** The change log of the user may have new entries. */
  changed(this: void, userId: string): void
  /**
   * Whether wake-ups of other processes arrive from now on. False at the beginning; called at each change. What happened before a
   * `true` has to be looked up.
   */
  connected(this: void, isConnected: boolean): void
}

/**
 * Tells this process and the others on the same Redis that the log of a user has new entries. A wake-up is a hint: it can be lost or
 * superfluous, and what has changed stands in the log.
 */
export interface Wakes extends AsyncDisposable {
  wake(this: void, userId: string): void
  /**
   * The first listener opens a connection to Redis, which the last one closes.
   *
   * @returns a function that ends it
   */
  listen(this: void, listener: WakeListener): () => void
}

export interface WakeLog {
  warn(fields: object, message: string): void
}

export function openWakes(store: WakeStore, log: WakeLog): Wakes {
  const process = randomUUID()
  // A channel is no key, so the client adds no prefix to it.
  const channel = `${store.client.options.keyPrefix ?? ''}wakes`
  const listeners = new Set<WakeListener>()
  const publisher = openPublisher(store, channel, process, log)
  let subscriber: Subscriber | undefined
  return {
    wake(userId) {
      for (const { changed } of listeners) changed(userId)
      publisher.add(userId)
    },
    listen(listener) {
      listeners.add(listener)
      if (subscriber === undefined) subscriber = openSubscriber(store, { channel, process }, listeners, log)
      else listener.connected(subscriber.isConnected())
      return () => {
        listeners.delete(listener)
        if (listeners.size > 0) return
        subscriber?.close()
        subscriber = undefined
      }
    },
    [Symbol.asyncDispose]: async () => {
      publisher.close()
      subscriber?.close()
    },
  }
}

/**
 * All wake-ups of one turn of the event loop are one message. Those of a message that Redis did not take are sent again until it takes
 * them: a process that has lost its connection must reach the others, which may have theirs and therefore do not poll.
 */
function openPublisher({ client, ask }: WakeStore, channel: string, process: string, log: WakeLog) {
  const users = new Set<string>()
  const reportRefusal = once((error: unknown) => log.warn({ err: error }, REFUSED))
  let isDue = false
  let resending: NodeJS.Timeout | undefined
  const send = async (): Promise<void> => {
    const sent = [...users]
    users.clear()
    const message = JSON.stringify({ process, users: sent })
    const answer = await ask(() => client.publish(channel, message).catch(unlessRefused(reportRefusal)))
    if (answer === undefined) keep(sent)
  }
  const keep = (unsent: readonly string[]): void => {
    for (const userId of unsent.slice(0, Math.max(0, UNSENT_MAX - users.size))) users.add(userId)
    resending ??= setTimeout(() => {
      resending = undefined
      void send()
    }, RESEND_INTERVAL_MS).unref()
  }
  return {
    add(userId: string): void {
      if (resending !== undefined) return keep([userId])
      users.add(userId)
      if (isDue) return
      isDue = true
      setImmediate(() => {
        isDue = false
        void send()
      })
    },
    close: () => clearTimeout(resending),
  }
}

const REFUSED =
  'Redis refuses messages between processes: changes that other processes make are found by polling. Allow its user the channels of the key prefix'

function once(report: (error: unknown) => void): (error: unknown) => void {
  let isReported = false
  return (error) => {
    if (!isReported) report(error)
    isReported = true
  }
}

/** A refusal, such as by an access control list without the channel, is an answer: Redis is available for everything else. */
const unlessRefused =
  (onRefusal: (error: unknown) => void) =>
  (error: unknown): null => {
    if (!(error instanceof ReplyError)) throw error
    onRefusal(error)
    return null
  }

interface Subscriber {
  isConnected(this: void): boolean
  close(this: void): void
}

/**
 * A connection of its own, because one that has subscribed takes no other commands. It counts as connected while messages of this
 * process, published on the connection of the others, come back on it.
 */
function openSubscriber(
  { client, ask }: WakeStore,
  { channel, process }: { readonly channel: string; readonly process: string },
  listeners: ReadonlySet<WakeListener>,
  log: WakeLog,
): Subscriber {
  const echoes = `${channel}:${process}`
  const subscription = client.duplicate({ autoResubscribe: false })
  const reportRefusal = once((error) => log.warn({ err: error }, REFUSED))
  let isConnected = false
  let missed = 0
  const connected = (now: boolean): void => {
    if (now) missed = 0
    if (now === isConnected) return
    isConnected = now
    for (const listener of listeners) listener.connected(now)
  }
  const probe = (): void => {
    if (missed >= MISSED_MAX) connected(false)
    if (missed >= RECONNECT_AFTER && subscription.status === 'ready') {
      missed = 0
      subscription.disconnect(true)
    }
    missed++
    void ask(() => client.publish(echoes, '').catch(unlessRefused(reportRefusal)))
  }
  subscription.on('ready', () => {
    subscription.subscribe(channel, echoes).then(probe, unlessLost(reportRefusal))
  })
  subscription.on('message', (from: string, text: string) => {
    if (from === echoes) return connected(true)
    const users = usersOf(text, process)
    for (const { changed } of listeners) for (const userId of users) changed(userId)
  })
  subscription.on('close', () => connected(false))
  // It reconnects by itself; the loss of Redis is logged by the other connection.
  subscription.on('error', () => undefined)
  const probing = setInterval(probe, PROBE_INTERVAL_MS).unref()
  return {
    isConnected: () => isConnected,
    close() {
      clearInterval(probing)
      subscription.removeAllListeners('close')
      subscription.disconnect()
    },
  }
}

const unlessLost =
  (onRefusal: (error: unknown) => void) =>
  (error: unknown): void => {
    if (error instanceof ReplyError) onRefusal(error)
  }

/** The users of a message; none for one of this process, which has woken its listeners itself, and for what other programs send. */
function usersOf(text: string, process: string): readonly string[] {
  try {
    // Checked member by member.
    const message = JSON.parse(text) as { readonly process?: unknown; readonly users?: unknown } | null
    if (message === null || message.process === process || !Array.isArray(message.users)) return []
    return message.users.filter((user) => typeof user === 'string')
  } catch {
    return []
  }
}
