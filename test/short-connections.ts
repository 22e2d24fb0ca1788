import { connect } from 'node:net'

/*
 * A program that makes one connection for each request, several at once, until the port is closed. It prints what became of
 * them. Arguments: the URL, the request, how many connections at once.
 */

/** How each connection ended. */
export interface Outcomes {
  /** With a whole answer. */
  readonly answered: number
  /** It was never established, so the client knows that nothing was done. */
  readonly refused: number
  /** Established and then broken off without an answer, so the client cannot know what was done. */
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
