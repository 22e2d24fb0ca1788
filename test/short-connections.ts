import { connect } from 'node:net'

/*
 * A program that opens one connection per request, several at once, until the port is closed. It prints the outcomes. Arguments: the
 * URL, the request, the number of concurrent connections.
 */

/** How each connection ended. */
export interface Outcomes {
  /** It had a complete answer. */
  readonly answered: number
  /** It was never established, so the client knows that the request was not executed. */
  readonly refused: number
  /** It was established and then closed without an answer, so the client cannot know the outcome. */
  readonly lost: number
}

const [, , url = '', request = '', atOnce = '1'] = process.argv
const { hostname, port } = new URL(url)
const outcomes = { answered: 0, refused: 0, lost: 0 }

function exchange(): Promise<keyof Outcomes> {
  return new Promise((resolve) => {
    let answer = ''
    const state = { isEstablished: false }
    const socket = connect(Number(port), hostname, () => {
      state.isEstablished = true
      socket.write(request)
    })
    socket.setEncoding('latin1').on('data', (text) => (answer += text))
    socket.on('error', () => undefined)
    socket.once('close', () => {
      if (!state.isEstablished) resolve('refused')
      else resolve(answer.startsWith('HTTP/1.1 2') ? 'answered' : 'lost')
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
