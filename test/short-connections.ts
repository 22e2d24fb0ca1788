import { connect } from 'node:net'

/*
 * A program that opens one connection per request, several at once, until the port is closed. It sends the outcomes to its parent.
 * Arguments: the URL, the request, the number of concurrent connections, and in milliseconds how long the server waits for a request.
 */

/** How each connection ended. */
export interface Outcomes {
  /** It had a complete answer. */
  readonly answered: number
  /** It was never established, so the client knows that the request was not executed. */
  readonly refused: number
  /** It was established, the request was sent in time, and it was closed without an answer, so the client cannot know the outcome. */
  readonly lost: number
  /**
   * Like `lost`, but the request was sent later than the server waits for the first byte of a new connection: this process had no
   * processor for so long. No server can answer it.
   */
  readonly late: number
}

const [, , url = '', request = '', atOnce = '1', waitMs = '0'] = process.argv
const { hostname, port } = new URL(url)
const outcomes = { answered: 0, refused: 0, lost: 0, late: 0 }

function exchange(): Promise<keyof Outcomes> {
  return new Promise((resolve) => {
    let answer = ''
    const state = { isEstablished: false, isLate: false }
    // Before the server can see the connection, whose handshake begins now.
    const openedAtMs = performance.now()
    const socket = connect(Number(port), hostname, () => {
      state.isEstablished = true
      // Node hands it to the kernel before this returns.
      socket.write(request)
      state.isLate = performance.now() - openedAtMs >= Number(waitMs)
    })
    socket.setEncoding('latin1').on('data', (text) => (answer += text))
    socket.on('error', () => undefined)
    socket.once('close', () => {
      if (!state.isEstablished) resolve('refused')
      else if (answer.startsWith('HTTP/1.1 2')) resolve('answered')
      else resolve(state.isLate ? 'late' : 'lost')
    })
  })
}

async function exchangeUntilRefused(): Promise<void> {
  for (;;) {
    const outcome = await exchange()
    outcomes[outcome]++
    if (outcomes.answered === 1 && outcome === 'answered') process.send?.('begun')
    if (outcome === 'refused') return
  }
}

await Promise.all(Array.from({ length: Number(atOnce) }, exchangeUntilRefused))
process.send?.(outcomes)
