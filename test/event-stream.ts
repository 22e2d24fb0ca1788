/** One event of a stream, or a comment. */
export interface StreamedEvent {
  readonly event: string
  readonly id: string | undefined
  // oxlint-disable-next-line typescript/no-explicit-any -- a test that expects the wrong shape fails
  readonly data: any
  /** When it arrived, by `performance.now()`. */
  readonly atMs: number
}

/** A client of an event stream, which collects what arrives. */
export interface EventClient extends AsyncDisposable {
  readonly response: Response
  /** All events so far. */
  readonly events: readonly StreamedEvent[]
  /** The number of comments so far. */
  comments(): number
  /** The first event, of those that arrived or will arrive, that matches. @throws if the stream ends before */
  next(matches: (event: StreamedEvent) => boolean): Promise<StreamedEvent>
  named(name: string): Promise<StreamedEvent>
  /** Resolves when the stream has ended. */
  readonly ended: Promise<void>
}

export async function openEvents(
  url: string,
  { token, headers = {} }: { readonly token?: string; readonly headers?: Readonly<Record<string, string>> },
): Promise<EventClient> {
  const leaving = new AbortController()
  const response = await fetch(url, {
    headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...headers },
    signal: leaving.signal,
  })
  const events: StreamedEvent[] = []
  let comments = 0
  let changed = Promise.withResolvers<void>()
  let isOver = false
  const wake = (): void => {
    const { resolve } = changed
    changed = Promise.withResolvers()
    resolve()
  }
  const read = async (): Promise<void> => {
    let text = ''
    try {
      for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        text += piece
        const blocks = text.split('\n\n')
        text = blocks.pop() ?? ''
        for (const block of blocks) {
          if (block === ':') comments++
          else if (!block.startsWith('retry:')) events.push(eventOf(block))
        }
        wake()
      }
    } catch {
      // The test has left, or the connection was lost.
    }
    isOver = true
    wake()
  }
  const ended = read()
  const next = async (matches: (event: StreamedEvent) => boolean): Promise<StreamedEvent> => {
    for (let seen = 0; ;) {
      for (; seen < events.length; seen++) {
        const event = events[seen]
        if (event !== undefined && matches(event)) return event
      }
      if (isOver) throw new Error(`the stream has ended; it had ${JSON.stringify(events.slice(-5))}`)
      await changed.promise
    }
  }
  return {
    response,
    events,
    comments: () => comments,
    next,
    named: (name) => next(({ event }) => event === name),
    ended,
    [Symbol.asyncDispose]: async () => {
      leaving.abort()
      await ended
    },
  }
}

function eventOf(block: string): StreamedEvent {
  const fields = new Map(
    block.split('\n').map((line) => {
      const at = line.indexOf(': ')
      return [line.slice(0, at), line.slice(at + 2)] as const
    }),
  )
  const data = fields.get('data')
  return {
    event: fields.get('event') ?? '',
    id: fields.get('id'),
    data: data === undefined ? undefined : JSON.parse(data),
    atMs: performance.now(),
  }
}
