import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

/** A mail as the server received it. */
export interface ReceivedMail {
  readonly from: string
  readonly to: readonly string[]
  readonly raw: string
  /** Header names in lower case; folded lines are joined. */
  readonly headers: ReadonlyMap<string, string>
  /** The part in plain text, decoded. */
  readonly text: string
  readonly html: string
}

/** What the server does with a recipient or a message: an answer of refusal, silence, or taking it. */
export type Verdict = { readonly status: number; readonly answer: string } | 'hang' | 'take'

/** A real SMTP server on the loopback interface. */
export interface MailServer extends AsyncDisposable {
  /** `smtp://127.0.0.1:port` */
  readonly url: string
  readonly port: number
  readonly received: readonly ReceivedMail[]
  /** How often a client named a recipient. */
  readonly attempts: number
  /** Decides about each recipient; takes all by default. */
  onRecipient: (address: string) => Verdict
  /** Decides about each message, after its data. */
  onMessage: () => Verdict
  /** The next mail that no earlier call has returned. */
  next(this: void): Promise<ReceivedMail>
}

export async function openMailServer(options: SMTPServerOptions = {}): Promise<MailServer> {
  const received: ReceivedMail[] = []
  let taken = 0
  let arrival = Promise.withResolvers<undefined>()
  let attempts = 0
  const settle = (verdict: Verdict, callback: (error?: Error | null) => void): void => {
    if (verdict === 'hang') return
    callback(verdict === 'take' ? null : Object.assign(new Error(verdict.answer), { responseCode: verdict.status }))
  }
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    disableReverseLookup: true,
    logger: false,
    onRcptTo: ({ address }, _session, callback) => {
      attempts++
      settle(opened.onRecipient(address), callback)
    },
    onData: (stream, session, callback) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const verdict = opened.onMessage()
        if (verdict === 'take') {
          const { mailFrom, rcptTo } = session.envelope
          const from = mailFrom === false ? '' : mailFrom.address
          const to = rcptTo.map(({ address }) => address)
          received.push({ from, to, ...parsedMail(Buffer.concat(chunks).toString('utf8')) })
          arrival.resolve(undefined)
          arrival = Promise.withResolvers()
        }
        settle(verdict, callback)
      })
    },
    ...options,
  })
  // Clients that refuse its certificate, or leave: the tests look at the client's side.
  server.on('error', () => undefined)
  const listening = server.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  // A TCP server has an address object.
  const { port } = listening.address() as AddressInfo
  const opened: MailServer = {
    url: `smtp://127.0.0.1:${port}`,
    port,
    received,
    get attempts() {
      return attempts
    },
    onRecipient: () => 'take',
    onMessage: () => 'take',
    next: async () => {
      for (;;) {
        const mail = received[taken]
        if (mail !== undefined) {
          taken++
          return mail
        }
        await arrival.promise
      }
    },
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  }
  return opened
}

/** As little of MIME as the mails of the service use: two parts, encoded as 7bit, quoted-printable or base64. */
export function parsedMail(raw: string): Pick<ReceivedMail, 'raw' | 'headers' | 'text' | 'html'> {
  const { headers, body } = partOf(raw)
  const [, boundary = ''] = /boundary="([^"]+)"/.exec(headers.get('content-type') ?? '') ?? []
  const parts = boundary === '' ? [] : body.split(`--${boundary}`).map((part) => partOf(part.replace(/^\r\n/, '')))
  const decodedPart = (type: string): string => {
    const part = parts.find((each) => each.headers.get('content-type')?.startsWith(type))
    return part === undefined ? '' : decoded(part.body, part.headers.get('content-transfer-encoding') ?? '7bit')
  }
  return { raw, headers, text: decodedPart('text/plain'), html: decodedPart('text/html') }
}

function partOf(text: string): { readonly headers: ReadonlyMap<string, string>; readonly body: string } {
  const end = text.indexOf('\r\n\r\n')
  const lines = text
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n')
  const headers = new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  )
  return { headers, body: text.slice(end + 4) }
}

function decoded(body: string, encoding: string): string {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8')
  if (encoding !== 'quoted-printable') return body
  const bytes = body
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
