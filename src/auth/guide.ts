import type { ProblemGuide } from '../problems.ts'

const CORRECT = 'Correct the request as the title says, and send it again.'

/** For the codes of better-auth that these routes return in practice, and those of our own. */
const ACTIONS: Readonly<Record<string, string>> = {
  USER_ALREADY_EXISTS: 'Sign in, or sign up with another e-mail address.',
  USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL: 'Sign in, or sign up with another e-mail address.',
  FAILED_TO_CREATE_USER: 'Sign in if you have signed up before, or sign up with another e-mail address.',
  INVALID_EMAIL_OR_PASSWORD:
    'Check the e-mail address and the password. The answer does not say which of them is wrong.',
  INVALID_PASSWORD: 'Send the current password of the user.',
  PASSWORD_TOO_SHORT: 'Choose a password of at least 8 characters.',
  PASSWORD_TOO_LONG: 'Choose a password of at most 128 characters.',
  INVALID_TOKEN: 'Request a new mail, and open its link. Only the newest link that was not used works.',
  EMAIL_NOT_VERIFIED: 'Open the link in the mail to the address, or request another mail.',
  EMAIL_IS_THE_SAME: 'Send another address.',
  PASSWORD_REQUIRED: 'Send the password of the user in the body.',
  UNAUTHORIZED: 'Sign in and repeat the request with the new token.',
  SESSION_EXPIRED: 'Sign in and repeat the request with the new token.',
  INVALID_ORIGIN: 'Send the request from a page whose origin is in CORS_ORIGINS, or without cookies.',
  MISSING_OR_NULL_ORIGIN: 'Send the request from a page whose origin is in CORS_ORIGINS, or without cookies.',
}

/** Titles of codes for which better-auth has no message. */
const TITLES: Readonly<Record<string, string>> = {
  BAD_REQUEST: 'Bad request',
  UNAUTHORIZED: 'Unauthorized',
  FORBIDDEN: 'Forbidden',
  PASSWORD_REQUIRED: 'Deleting your user requires your password',
  EMAIL_IS_THE_SAME: 'This is your address already',
}

/** @returns what a code of a refusal under `/api/auth` means; undefined if better-auth has no such code */
export async function authProblemGuide(code: string): Promise<ProblemGuide | undefined> {
  // With better-auth, which is loaded at its first use.
  const { BASE_ERROR_CODES } = await import('better-auth')
  const messages = Object.entries(BASE_ERROR_CODES).map(([known, { message }]) => [known, message] as const)
  const title = new Map([...messages, ...Object.entries(TITLES)]).get(code)
  if (title === undefined) return undefined
  return {
    title,
    meaning: 'The auth server refused the request. The title says why.',
    action: ACTIONS[code] ?? CORRECT,
  }
}
