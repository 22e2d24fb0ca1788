import { randomUUID } from 'node:crypto'
import { rename, writeFile } from 'node:fs/promises'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Transporter } from 'nodemailer'
import type { MailConfig, SmtpServer } from '../config/mail-config.ts'
import { makeDirectory } from '../lib/directory.ts'
import type { Mailbox } from '../lib/email-address.ts'
import { MailFailure, mailFailure } from './failures.ts'
import type { Layout } from './layout.ts'

export interface Message extends Layout {
  readonly from: Mailbox
  /** A checked address. */
  readonly to: string
  /** Stable over attempts, so that receivers can drop a second copy. Without brackets. */
  readonly id: string
}

/** Hands messages to a server, or writes them to files. */
export interface Transport {
  /**
   * Connects and signs in, without a message. Absent where there is no server.
   *
   * @throws MailFailure
   */
  check?(this: void, signal: AbortSignal): Promise<void>
  /**
   * @returns where the message is
   * @throws MailFailure
   */
  send(this: void, message: Message, signal: AbortSignal): Promise<{ readonly file?: string }>
}

/** The limits of one conversation with a server. All together stay below the timeout of a job. */
const CONNECT_MS = 10_000
const SILENCE_MS = 20_000
const SEND_MS = 45_000

/** What nodemailer is never to do for a value in a mail, whatever it looks like. */
const NO_ACCESS = { disableFileAccess: true, disableUrlAccess: true } as const

/**
 * nodemailer's options of a message. Addresses are objects, so that nothing in them is parsed, and the envelope is given, so that
 * no header decides who receives the mail.
 */
const mailOf = ({ from, to, id, subject, text, html }: Message) => ({
  ...NO_ACCESS,
  from: { ...from },
  to: { name: '', address: to },
  envelope: { from: from.address, to: [to] },
  messageId: `<${id}>`,
  subject,
  text,
  html,
  // So that holiday notes and list servers do not answer (RFC 3834).
  headers: { 'Auto-Submitted': 'auto-generated' },
})

/**
 * A connection for each mail: there are few, and an open connection would have to be kept alive and closed.
 *
 * @param from whose domain the service names to the server
 */
export function smtpTransport(server: SmtpServer, from: Mailbox): Transport {
  const converse = async (signal: AbortSignal, work: (transporter: Transporter) => Promise<unknown>): Promise<void> => {
    const { createTransport } = await import('nodemailer')
    // Our own, because nodemailer cannot be interrupted.
    const socket = new Socket()
    const transporter = createTransport({ ...NO_ACCESS, ...connectionTo(server), socket, name: domainOf(from) })
    const over = new AbortController()
    try {
      await Promise.race([work(transporter), interrupted(AbortSignal.any([signal, over.signal]))])
    } catch (error) {
      socket.destroy()
      throw error instanceof MailFailure ? error : mailFailure(error)
    } finally {
      over.abort()
    }
  }
  return {
    check: (signal) => converse(signal, (transporter) => transporter.verify()),
    send: async (message, signal) => {
      await converse(signal, (transporter) => transporter.sendMail(mailOf(message)))
      return {}
    },
  }
}

const connectionTo = ({ host, port, tls, login }: SmtpServer) => ({
  host,
  port,
  secure: tls === 'implicit',
  requireTLS: tls === 'starttls',
  ignoreTLS: tls === 'none',
  ...(login && { auth: { user: login.user, pass: login.password.reveal() } }),
  connectionTimeout: CONNECT_MS,
  dnsTimeout: CONNECT_MS,
  greetingTimeout: SILENCE_MS,
  socketTimeout: SILENCE_MS,
})

/** For EHLO and Message-ID: the host's own name would be revealed to every recipient. */
export const domainOf = ({ address }: Mailbox): string => address.replace(/^.*@/, '')

/** nodemailer limits each silence of a server, but not the whole: a server could answer a byte at a time. */
async function interrupted(signal: AbortSignal): Promise<never> {
  await delay(SEND_MS, undefined, { signal }).catch(() => undefined)
  throw new MailFailure('deferred', 'ETIMEDOUT', 'the mail server did not take the mail in time')
}

/** Writes each mail to a file that mail programs open. The directory is private: mails have links that reset passwords. */
export const outboxTransport = (directory: string): Transport => ({
  send: async (message) => {
    const { createTransport } = await import('nodemailer')
    const composer = createTransport({ ...NO_ACCESS, streamTransport: true, buffer: true, newline: 'windows' })
    const { message: bytes } = await composer.sendMail(mailOf(message))
    makeDirectory(directory)
    const file = join(
      directory,
      `${new Date().toISOString().replaceAll(':', '-')}-${message.id.replace(/@.*$/, '')}.eml`,
    )
    // A reader sees whole files only.
    const unfinished = `${file}.${randomUUID()}`
    await writeFile(unfinished, bytes, { mode: 0o600 })
    await rename(unfinished, file)
    return { file }
  },
})

/** @returns undefined if there are no mails */
export function openTransport(config: MailConfig): Transport | undefined {
  if (config.via === 'smtp') return smtpTransport(config.server, config.from)
  return config.via === 'outbox' ? outboxTransport(config.directory) : undefined
}
