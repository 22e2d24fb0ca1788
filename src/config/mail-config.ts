import { join } from 'node:path'
import { mailbox, type Mailbox } from '../lib/email-address.ts'
import type { EnvReader } from '../lib/env-reader.ts'
import { isThisMachine } from '../lib/host.ts'
import { Secret } from '../lib/secret.ts'
import type { VariableTable } from '../lib/variable.ts'
import type { AuthConfig } from './auth-config.ts'

export const MAIL_VARIABLES = {
  SMTP_URL: {
    does: 'The server that [mails](mail.md) are sent through: `smtp://user:password@host:587`, or `smtps://` for TLS from the start. `smtp://` requires STARTTLS, except on this machine and with `?starttls=never`. Unset: in development mails are files in `DATA_DIR/outbox`, otherwise there are none. Requires `MAIL_FROM`, and `PUBLIC_URL` outside development.',
  },
  MAIL_FROM: {
    does: 'The sender of mails: `todo@example.org` or `Todo <todo@example.org>`. Requires `SMTP_URL`.',
  },
} as const satisfies VariableTable

/** The server that mails are handed to. */
export interface SmtpServer {
  readonly host: string
  readonly port: number
  /** `implicit`: TLS from the start. `starttls`: the connection must become TLS. `none`: it stays as it is. */
  readonly tls: 'implicit' | 'starttls' | 'none'
  readonly login?: { readonly user: string; readonly password: Secret }
}

interface Sending {
  readonly from: Mailbox
  /** Begins the links in mails; without a slash at the end. Never taken from a request, whose Host the caller chooses. */
  readonly linksUrl: string
}

export type MailConfig =
  | ({ readonly via: 'smtp'; readonly server: SmtpServer } & Sending)
  /** Development without a server: mails are files in this directory, an absolute path. */
  | ({ readonly via: 'outbox'; readonly directory: string } & Sending)
  /** No mails. */
  | { readonly via: 'nothing' }

const OUTBOX_FROM: Mailbox = { name: 'Todo', address: 'todo@todo-backend.invalid' }

type Reader = Pick<
  EnvReader<keyof typeof MAIL_VARIABLES | 'PUBLIC_URL' | 'REQUIRE_EMAIL_VERIFICATION'>,
  'has' | 'mistake' | 'value'
>

interface Surroundings {
  readonly environment: 'development' | 'staging' | 'production'
  readonly dataDir: string
  readonly auth: AuthConfig
  readonly http: { readonly publicUrl?: string; readonly port: number }
}

export function readMail(reader: Reader, { environment, dataDir, auth, http }: Surroundings): MailConfig {
  const isDevelopment = environment === 'development'
  const server = reader.value('SMTP_URL', undefined, smtpServer)
  const from = reader.value('MAIL_FROM', undefined, mailbox)
  if (auth.mode === 'external') {
    for (const name of ['SMTP_URL', 'MAIL_FROM'] as const) {
      if (reader.has(name))
        reader.mistake(name, 'is only for AUTH_MODE=embedded: the other auth server has the addresses')
    }
    return { via: 'nothing' }
  }
  if (server !== undefined && !reader.has('MAIL_FROM')) {
    reader.mistake('MAIL_FROM', 'is required with SMTP_URL: the address that mails come from')
  }
  if (from !== undefined && !reader.has('SMTP_URL')) {
    reader.mistake('SMTP_URL', 'is required with MAIL_FROM: the server that mails are sent through')
  }
  const publicUrl = http.publicUrl ?? auth.serverUrl
  if (server !== undefined && publicUrl === undefined && !isDevelopment) {
    reader.mistake('PUBLIC_URL', 'is required with SMTP_URL, because links in mails begin with it')
  }
  const linksUrl = publicUrl ?? `http://localhost:${http.port}`
  if (server !== undefined && from !== undefined) return { via: 'smtp', server, from, linksUrl }
  if (isDevelopment) return { via: 'outbox', directory: join(dataDir, 'outbox'), from: OUTBOX_FROM, linksUrl }
  if (auth.requireEmailVerification && !reader.has('SMTP_URL')) {
    reader.mistake('REQUIRE_EMAIL_VERIFICATION', 'requires SMTP_URL: without mails users cannot confirm their address')
  }
  return { via: 'nothing' }
}

/** A name or an address; an IPv6 address between brackets. */
const HOST = /^(?:[A-Za-z0-9][A-Za-z0-9._-]{0,252}|\[[0-9a-f:.]+\])$/
const SMTP_FORM = 'must be of the form smtp://user:password@host:port, or smtps:// for TLS from the start'

/** Its own parser: nodemailer's takes any of its options from the query, such as one that turns the check of certificates off. */
function smtpServer(text: string): SmtpServer {
  const url = URL.parse(text)
  if (
    url === null ||
    !/^smtps?:$/.test(url.protocol) ||
    !/^\/?$/.test(url.pathname) ||
    url.hash ||
    !HOST.test(url.hostname)
  ) {
    throw new Error(SMTP_FORM)
  }
  const isImplicit = url.protocol === 'smtps:'
  const isPlain = url.search === '?starttls=never'
  if (url.search !== '' && (isImplicit || !isPlain)) {
    throw new Error(`${SMTP_FORM}; the only parameter is ?starttls=never, of smtp://`)
  }
  if ((url.username === '') !== (url.password === '')) throw new Error(`${SMTP_FORM}, with both a user and a password`)
  const [user, password] = [url.username, url.password].map(decoded)
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  return {
    host,
    port: url.port === '' ? (isImplicit ? 465 : 587) : Number(url.port),
    tls: isImplicit ? 'implicit' : isPlain || isThisMachine(host) ? 'none' : 'starttls',
    ...(user && password && { login: { user, password: new Secret(password) } }),
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new Error('has a % that begins no percent-encoded byte: write % as %25')
  }
}
