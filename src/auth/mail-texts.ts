import type { MailTexts } from '../mail/kind.ts'

/** The values of a mail with a link. */
export interface WithLink {
  readonly link: string
  /** How long the link can be used. */
  readonly hours: number
}

const duration = (hours: number): string => (hours === 1 ? 'an hour' : `${hours} hours`)

const NOT_YOU =
  'If this was not you, set a new password with “Forgot your password?” on the page for signing in. That ends all sessions.'

/**
 * None has the name of the user: a sign-up with the address of another person would choose the text that this person reads.
 */
export const TEXTS = {
  'verify-email': {
    en: ({ link, hours }) => ({
      subject: 'Confirm your e-mail address',
      paragraphs: [
        'This address was given at a sign-up. Confirm that it is yours:',
        `The link works once, for ${duration(hours)}.`,
        'If you did not sign up, ignore this mail.',
      ],
      action: { label: 'Confirm this address', url: link },
    }),
  },
  'reset-password': {
    en: ({ link, hours }) => ({
      subject: 'Set a new password',
      paragraphs: [
        'A new password was requested for the account with this address. Set it here:',
        `The link works once, for ${duration(hours)}. A new password ends all sessions; personal tokens stay valid.`,
        'If you did not request it, ignore this mail: your password is unchanged.',
      ],
      action: { label: 'Set a new password', url: link },
    }),
  },
  'change-email': {
    en: ({ link, hours }) => ({
      subject: 'Confirm your new e-mail address',
      paragraphs: [
        'This address is to become the address of an account. Confirm that it is yours:',
        `The link works once, for ${duration(hours)}.`,
        'If you did not request this, ignore this mail.',
      ],
      action: { label: 'Confirm this address', url: link },
    }),
  },
  'account-exists': {
    en: ({ link }) => ({
      subject: 'You have an account already',
      paragraphs: [
        'This address was given for a new account, or as the new address of another one. It already belongs to an account, and nothing was changed.',
        'If it was you: sign in with this address, or set a new password.',
        'If not, ignore this mail.',
      ],
      action: { label: 'Set a new password', url: link },
    }),
  },
  'email-change-requested': {
    en: ({ address }) => ({
      subject: 'A new e-mail address was requested',
      paragraphs: [
        `The address of your account is to become ${address}. It changes when the link in the mail to that address is used.`,
        'If this was not you, change your password: that makes the link void.',
      ],
    }),
  },
  'email-changed': {
    en: ({ address }) => ({
      subject: 'Your e-mail address was changed',
      paragraphs: [
        `The address of your account is now ${address}. This mail went to the address before.`,
        'If this was not you, ask the operator of the service at once.',
      ],
    }),
  },
  'password-changed': {
    en: () => ({
      subject: 'Your password was changed',
      paragraphs: ['The password of your account was changed.', NOT_YOU],
    }),
  },
  'account-deleted': {
    en: () => ({
      subject: 'Your account was deleted',
      paragraphs: [
        'Your account was deleted with all its tasks, as its password confirmed. It cannot be restored.',
        'If this was not you, ask the operator of the service at once.',
      ],
    }),
  },
} satisfies {
  readonly 'verify-email': MailTexts<WithLink>
  readonly 'reset-password': MailTexts<WithLink>
  readonly 'change-email': MailTexts<WithLink>
  readonly 'account-exists': MailTexts<{ readonly link: string }>
  readonly 'email-change-requested': MailTexts<{ readonly address: string }>
  readonly 'email-changed': MailTexts<{ readonly address: string }>
  readonly 'password-changed': MailTexts<void>
  readonly 'account-deleted': MailTexts<void>
}

/** Enough to recognise an address, for a mail to another one: `ad•••@example.com`. */
export const masked = (address: string): string => address.replace(/^(.{1,2})[^@]*/, '$1•••')
