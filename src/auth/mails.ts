import type { Scopes } from '../db/scopes.ts'
import type { Statement } from '../db/wire/statement.ts'
import type { Fernet } from '../lib/fernet.ts'
import type { ComposedMail, MailJob, MailKind } from '../mail/kind.ts'
import { MailFailure } from '../mail/failures.ts'
import { TEXTS, masked } from './mail-texts.ts'
import { issue, LIFETIME_S, tokenOf, type Purpose } from './mail-tokens.ts'

/** Of the pages that `link-pages.ts` serves. */
export const PAGES = {
  forgot: '/account/forgot-password',
  reset: '/account/reset-password',
  verify: '/account/verify-email',
} as const

const PAGE_OF: Readonly<Record<Purpose, string>> = {
  'reset-password': PAGES.reset,
  'verify-email': PAGES.verify,
  'change-email': PAGES.verify,
}

/** The reference of a job that has an address, encrypted: backups and operators who list jobs do not see it. */
export interface AddressReference {
  readonly to: string
}

export const addressReference = (address: string, fernet: Fernet): AddressReference => ({
  to: fernet.encrypt(Buffer.from(address)),
})

interface MailDeps {
  readonly db: Pick<Scopes, 'asSystem'>
  readonly fernet: Fernet
  /** Tokens are derived from it. */
  readonly secret: string
}

const TAKEN: Statement = {
  name: 'mail.address_taken',
  text: 'select true as taken from users where email = $1',
}
const CURRENT: Statement = {
  name: 'mail.current_address',
  text: 'select u.email from jobs j join users u on u.id = j.for_user where j.id = $1',
}

/** The mails of the embedded auth server. What a user reads in them is in `mail-texts.ts`. */
export function authMails({ db, fernet, secret }: MailDeps): readonly MailKind[] {
  const addressOf = ({ reference }: MailJob): string => {
    const opened = fernet.decrypt(String(reference['to']))
    if (opened === undefined) {
      throw new MailFailure('refused', 'EADDRESS', 'no key of ENCRYPTION_KEY opens the address of the mail')
    }
    return opened.plaintext.toString()
  }
  const row = <Row>(statement: Statement, value: string): Promise<Row | undefined> =>
    db.asSystem('write a mail', (sql) => sql.row<Row>(statement, [value]))
  const isTaken = async (address: string): Promise<boolean> => (await row(TAKEN, address)) !== undefined

  const accountExists = (to: string, { language, link }: MailJob): ComposedMail => ({
    to,
    text: TEXTS['account-exists'][language]({ link: link(PAGES.forgot) }),
  })
  const linkKind = (purpose: Purpose): MailKind => ({
    name: purpose,
    compose: async (mail) => {
      const to = addressOf(mail)
      const token = tokenOf(mail.id, secret)
      if (!(await issue(db, purpose, { token, address: to, jobId: mail.id }))) {
        // The user who asked for the change knows only that a mail was sent; the owner of the address learns the rest.
        return purpose === 'change-email' && (await isTaken(to)) ? accountExists(to, mail) : undefined
      }
      const values = { link: `${mail.link(PAGE_OF[purpose])}#${token}`, hours: LIFETIME_S[purpose] / 3600 }
      return { to, text: TEXTS[purpose][mail.language](values) }
    },
  })

  return [
    linkKind('verify-email'),
    linkKind('reset-password'),
    linkKind('change-email'),
    {
      name: 'account-exists',
      compose: async (mail) => {
        const to = addressOf(mail)
        return (await isTaken(to)) ? accountExists(to, mail) : undefined
      },
    },
    {
      // To the verified address of the user, about another one.
      name: 'email-change-requested',
      compose: async (mail) => ({
        text: TEXTS['email-change-requested'][mail.language]({ address: masked(addressOf(mail)) }),
      }),
    },
    {
      name: 'email-changed',
      compose: async (mail) => {
        const current = await row<{ readonly email: string }>(CURRENT, mail.id)
        if (current === undefined) return undefined
        return { to: addressOf(mail), text: TEXTS['email-changed'][mail.language]({ address: masked(current.email) }) }
      },
    },
    { name: 'password-changed', compose: async ({ language }) => ({ text: TEXTS['password-changed'][language]() }) },
    {
      name: 'account-deleted',
      compose: async (mail) => ({ to: addressOf(mail), text: TEXTS['account-deleted'][mail.language]() }),
    },
  ]
}
