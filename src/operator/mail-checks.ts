import { randomUUID } from 'node:crypto'
import type { Config } from '../config/config.ts'
import { fail, ok, warn, type Finding } from '../lib/finding.ts'
import { MailFailure } from '../mail/failures.ts'
import { laidOut } from '../mail/layout.ts'
import { domainOf, openTransport } from '../mail/transport.ts'

const CHECK_MS = 10_000
const SEND_MS = 30_000

const TEST_MAIL = {
  subject: 'A test mail',
  paragraphs: [
    'An operator of the service has sent this mail with `doctor --mail`, to see whether mails arrive.',
    'If it was in the spam folder, check the SPF record and the DKIM signatures of the domain of the sender.',
  ],
}

/** @param to the address that gets a test mail; without one the check only connects and signs in */
export async function checkMail({ mail, auth, environment }: Config, to?: string): Promise<readonly Finding[]> {
  const transport = openTransport(mail)
  if (mail.via === 'nothing' || transport === undefined) {
    const why = auth.mode === 'external' ? 'with AUTH_MODE=external there are none' : 'SMTP_URL is not set'
    const next = 'set SMTP_URL and MAIL_FROM: users who forget their password cannot set a new one'
    if (to !== undefined) return [fail('mail', `no test mail was sent: ${why}`, next)]
    const isMissed = auth.mode === 'embedded' && environment === 'production'
    return [isMissed ? warn('mail', `none: ${why}`, next) : ok('mail', `none: ${why}`)]
  }
  const { from, linksUrl } = mail
  const where = mail.via === 'outbox' ? `files in ${mail.directory}` : `${mail.server.host}:${mail.server.port}`
  try {
    if (to === undefined) {
      await transport.check?.(AbortSignal.timeout(CHECK_MS))
      return [ok('mail', mail.via === 'outbox' ? where : `${where} is ready to take mails from ${from.address}`)]
    }
    const message = { from, to, id: `${randomUUID()}@${domainOf(from)}`, ...laidOut(TEST_MAIL, 'en', linksUrl) }
    const { file } = await transport.send(message, AbortSignal.timeout(SEND_MS))
    return [ok('mail', file === undefined ? `${where} has taken a test mail to ${to}` : `a test mail is in ${file}`)]
  } catch (error) {
    if (!(error instanceof MailFailure)) throw error
    return [fail('mail', `${where}: ${error.message} (${error.code})`, 'correct SMTP_URL and MAIL_FROM: docs/mail.md')]
  }
}
