import type { TSchema } from 'typebox'
import * as shape from './schema.ts'

export interface Endpoint {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly operationId: string
  readonly summary: string
  readonly description: string
  /** Whether it requires a session. With 'optional' the answer depends on it, and its absence is not refused. */
  readonly signedIn: boolean | 'optional'
  /** It needs mails, and is refused where there are none. */
  readonly mails?: true
  /** The route checks a password: after success the request no longer counts against the address. */
  readonly authenticates?: true
  readonly headers?: TSchema
  readonly body?: TSchema
  readonly querystring?: TSchema
  readonly answer: TSchema
}

/** The endpoints that are reachable: of better-auth, and of `mail-flows.ts`. All others are not. */
const ENDPOINTS: readonly Endpoint[] = [
  {
    method: 'POST',
    path: 'sign-up/email',
    operationId: 'signUp',
    summary: 'Sign up',
    description:
      'Creates a user and a session. The `token` of the answer is the bearer token. Where the service sends mails, one with a link confirms the address.',
    signedIn: false,
    authenticates: true,
    headers: shape.SignUpHeaders,
    body: shape.SignUp,
    answer: shape.SignedUp,
  },
  {
    method: 'POST',
    path: 'sign-in/email',
    operationId: 'signIn',
    summary: 'Sign in',
    description: 'Creates a session. The `token` of the answer is the bearer token.',
    signedIn: false,
    authenticates: true,
    body: shape.SignIn,
    answer: shape.SignedIn,
  },
  {
    method: 'POST',
    path: 'sign-out',
    operationId: 'signOut',
    summary: 'Sign out; the token is invalid immediately',
    description: 'Ends the session of the bearer token or cookie. Without a session the answer is the same.',
    signedIn: 'optional',
    body: shape.Nothing,
    answer: shape.Done,
  },
  {
    method: 'GET',
    path: 'get-session',
    operationId: 'getSession',
    summary: 'Get the current session',
    description: 'Null if the request has no valid session.',
    signedIn: 'optional',
    querystring: shape.SessionQuery,
    answer: shape.CurrentSession,
  },
  {
    method: 'GET',
    path: 'list-sessions',
    operationId: 'listSessions',
    summary: 'List your sessions',
    description: 'The active sessions. A token is shown only if this request presented it.',
    signedIn: true,
    answer: shape.Sessions,
  },
  {
    method: 'POST',
    path: 'revoke-session',
    operationId: 'revokeSession',
    summary: 'End one of your sessions',
    description: 'Identified by the `token` in the list of sessions.',
    signedIn: true,
    body: shape.RevokeSession,
    answer: shape.Changed,
  },
  {
    method: 'POST',
    path: 'revoke-sessions',
    operationId: 'revokeSessions',
    summary: 'End all your sessions',
    description: 'Includes the session of this request.',
    signedIn: true,
    body: shape.Nothing,
    answer: shape.Changed,
  },
  {
    method: 'POST',
    path: 'revoke-other-sessions',
    operationId: 'revokeOtherSessions',
    summary: 'End all your other sessions',
    description: 'The session of this request remains.',
    signedIn: true,
    body: shape.Nothing,
    answer: shape.Changed,
  },
  {
    method: 'POST',
    path: 'change-password',
    operationId: 'changePassword',
    summary: 'Change your password',
    description:
      'Requires the current password. With `revokeOtherSessions` all other sessions end, and this one gets a new token.',
    signedIn: true,
    body: shape.ChangePassword,
    answer: shape.PasswordChanged,
  },
  {
    method: 'POST',
    path: 'update-user',
    operationId: 'updateUser',
    summary: 'Change your name or picture',
    description: 'Absent members do not change; an `image` of null removes the picture.',
    signedIn: true,
    body: shape.UpdateUser,
    answer: shape.Changed,
  },
  {
    method: 'POST',
    path: 'delete-user',
    operationId: 'deleteUser',
    summary: 'Delete your user and all your tasks',
    description: 'Requires the password. Tasks, keys and sessions are deleted with the user, and cannot be restored.',
    signedIn: true,
    body: shape.DeleteUser,
    answer: shape.Done,
  },
  {
    method: 'POST',
    path: 'request-password-reset',
    operationId: 'requestPasswordReset',
    summary: 'Request a mail with a link to set a new password',
    description:
      'The answer is the same whether or not the address has a user. The link works once, for an hour. It leads to a page of this service, which sends its token to `/api/auth/reset-password`.',
    signedIn: false,
    mails: true,
    body: shape.RequestPasswordReset,
    answer: shape.Changed,
  },
  {
    method: 'POST',
    path: 'reset-password',
    operationId: 'resetPassword',
    summary: 'Set a new password with the token of a mail',
    description:
      'Ends all sessions of the user and makes all links in earlier mails void. The address counts as verified. Personal tokens stay valid: revoke them one by one.',
    signedIn: false,
    mails: true,
    body: shape.ResetPassword,
    answer: shape.Changed,
  },
  {
    method: 'POST',
    path: 'send-verification-email',
    operationId: 'sendVerificationEmail',
    summary: 'Request a mail with a link that confirms your address',
    description:
      'The answer is the same whether or not the address has a user, and whether or not it is verified. The link works once, for 24 hours.',
    signedIn: false,
    mails: true,
    body: shape.SendVerificationEmail,
    answer: shape.Changed,
  },
  {
    method: 'POST',
    path: 'verify-email',
    operationId: 'verifyEmail',
    summary: 'Confirm an address with the token of a mail',
    description:
      'With the token of a sign-up the address counts as verified. With that of `/api/auth/change-email` it also becomes the address of the user, and all links in earlier mails become void. There is no `GET`, because programs that scan mails open links.',
    signedIn: false,
    mails: true,
    body: shape.VerifyEmail,
    answer: shape.Changed,
  },
  {
    method: 'POST',
    path: 'change-email',
    operationId: 'changeEmail',
    summary: 'Change your address',
    description:
      'Requires the password. Sends a mail with a link to the new address, which works once, for an hour, and a notice to the present one. The address changes when the link is used. The answer is the same if another user has the new address.',
    signedIn: true,
    mails: true,
    body: shape.ChangeEmail,
    answer: shape.Changed,
  },
]

const UNVERIFIED: Pick<Endpoint, 'description' | 'answer'> = {
  description:
    'Creates a user and sends a mail with a link that confirms the address, before which the user cannot sign in. The answer is the same if the address already has a user, who gets a mail that says so.',
  answer: shape.SignedUpUnverified,
}

/** @param requireEmailVerification whether a sign-up signs in only after the address is verified */
export const endpointsOf = (requireEmailVerification: boolean): readonly Endpoint[] =>
  ENDPOINTS.map((each) =>
    requireEmailVerification && each.operationId === 'signUp' ? { ...each, ...UNVERIFIED } : each,
  )
