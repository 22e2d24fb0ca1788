import { Type } from 'typebox'
import { Instant, Nullable, OptionalBody, UserId } from '../http/wire.ts'

/** The schemas of better-auth 1.7. */

const NAME_LENGTH_MAX = 200
const URL_LENGTH_MAX = 2048
const TOKEN_LENGTH_MAX = 512
const ID_LENGTH_MAX = 255
/** better-auth's own limit for a query. */
const SESSIONS_MAX = 100
/** All headers of a request together have at most this size. */
const USER_AGENT_LENGTH_MAX = 16 * 1024
/** An IPv6 address with an IPv4 address at its end. */
const ADDRESS_LENGTH_MAX = 45

const Email = Type.String({ format: 'email', maxLength: 254, examples: ['ada@example.com'] })
const Password = Type.String({ minLength: 8, maxLength: 128, format: 'text', examples: ['correct horse'] })
// At sign-in a password that is too short is wrong like any other.
const AnyPassword = Type.String({ minLength: 1, maxLength: 128, format: 'text', examples: ['correct horse'] })
const Name = Type.String({
  'x-trim': true,
  'x-visible': true,
  minLength: 1,
  maxLength: NAME_LENGTH_MAX,
  format: 'text',
  examples: ['Ada'],
})
const Image = Type.String({ maxLength: URL_LENGTH_MAX, format: 'http-url', description: 'The URL of a picture' })
const CallbackUrl = Type.String({
  maxLength: URL_LENGTH_MAX,
  format: 'text',
  description: "Accepted for compatibility with better-auth's client",
})
const RememberMe = Type.Boolean({ description: 'false: the cookie ends with the browser session' })
const Token = Type.String({ maxLength: TOKEN_LENGTH_MAX, description: 'The bearer token of the session' })

export const AuthUser = Type.Object(
  {
    id: { ...UserId, examples: ['hT3kQ9v7Lw2TnB5rYzX8a1Pq4Wc6Vd0E'] },
    name: Type.String({ maxLength: NAME_LENGTH_MAX, examples: ['Ada'] }),
    email: Email,
    emailVerified: Type.Boolean(),
    image: Type.Optional(Nullable(Type.String({ maxLength: URL_LENGTH_MAX }))),
    createdAt: Instant,
    updatedAt: Instant,
  },
  { $id: 'AuthUser', additionalProperties: true },
)

export const AuthSession = Type.Object(
  {
    id: Type.String({ maxLength: ID_LENGTH_MAX }),
    userId: UserId,
    token: Type.String({
      maxLength: TOKEN_LENGTH_MAX,
      description: 'The token if this request presented it; otherwise a handle that only identifies the session',
    }),
    expiresAt: Instant,
    createdAt: Instant,
    updatedAt: Instant,
    ipAddress: Type.Optional(Nullable(Type.String({ maxLength: ADDRESS_LENGTH_MAX }))),
    userAgent: Type.Optional(Nullable(Type.String({ maxLength: USER_AGENT_LENGTH_MAX }))),
  },
  { $id: 'AuthSession', additionalProperties: true },
)

const closed = { additionalProperties: false }

export const SignUpHeaders = Type.Object({
  'x-timezone': Type.Optional(
    Type.String({
      description: "The user's IANA time zone, which GET /api/me then has. A name that is not known is ignored",
      examples: ['Europe/Berlin'],
    }),
  ),
})

export const SignUp = Type.Object(
  {
    name: Name,
    email: Email,
    password: Password,
    image: Type.Optional(Image),
    callbackURL: Type.Optional(CallbackUrl),
    rememberMe: Type.Optional(RememberMe),
  },
  {
    ...closed,
    'x-component': 'SignUpRequest',
    examples: [{ name: 'Ada', email: 'ada@example.com', password: 'correct horse' }],
  },
)

export const SignIn = Type.Object(
  {
    email: Email,
    password: AnyPassword,
    callbackURL: Type.Optional(CallbackUrl),
    rememberMe: Type.Optional(RememberMe),
  },
  { ...closed, 'x-component': 'SignInRequest', examples: [{ email: 'ada@example.com', password: 'correct horse' }] },
)

export const RevokeSession = Type.Object(
  {
    token: Type.String({
      minLength: 1,
      maxLength: TOKEN_LENGTH_MAX,
      format: 'text',
      description: 'The token or handle from /list-sessions',
    }),
  },
  { ...closed, 'x-component': 'RevokeSessionRequest', examples: [{ token: 'Jq3vT9sXw1Lr8ZbN5yKd7PcM2hGf4RaE' }] },
)

export const ChangePassword = Type.Object(
  {
    currentPassword: AnyPassword,
    newPassword: Password,
    revokeOtherSessions: Type.Optional(
      Type.Boolean({ description: 'End every other session; this one gets a new token' }),
    ),
  },
  {
    ...closed,
    'x-component': 'ChangePasswordRequest',
    examples: [{ currentPassword: 'correct horse', newPassword: 'another horse' }],
  },
)

/** better-auth's client names the page that the link is to lead to. Here it leads to a page of the service. */
const RedirectTo = CallbackUrl
const MailToken = Type.String({
  minLength: 1,
  maxLength: 128,
  format: 'text',
  description: 'The part of the link in the mail after `#`',
  examples: ['Zf3nP0qVxW7cT1rL9sKdYb5mGh2uJe8AQw8RtY4uI1o'],
})

export const RequestPasswordReset = Type.Object(
  { email: Email, redirectTo: Type.Optional(RedirectTo) },
  { ...closed, 'x-component': 'RequestPasswordResetRequest', examples: [{ email: 'ada@example.com' }] },
)
export const ResetPassword = Type.Object(
  { newPassword: Password, token: MailToken },
  {
    ...closed,
    'x-component': 'ResetPasswordRequest',
    examples: [{ newPassword: 'another horse', token: 'Zf3nP0qVxW7cT1rL9sKdYb5mGh2uJe8AQw8RtY4uI1o' }],
  },
)
export const SendVerificationEmail = Type.Object(
  { email: Email, callbackURL: Type.Optional(CallbackUrl) },
  { ...closed, 'x-component': 'SendVerificationEmailRequest', examples: [{ email: 'ada@example.com' }] },
)
export const VerifyEmail = Type.Object(
  { token: MailToken },
  {
    ...closed,
    'x-component': 'VerifyEmailRequest',
    examples: [{ token: 'Zf3nP0qVxW7cT1rL9sKdYb5mGh2uJe8AQw8RtY4uI1o' }],
  },
)
export const ChangeEmail = Type.Object(
  { newEmail: Email, password: AnyPassword, callbackURL: Type.Optional(CallbackUrl) },
  {
    ...closed,
    'x-component': 'ChangeEmailRequest',
    examples: [{ newEmail: 'lovelace@example.com', password: 'correct horse' }],
  },
)

export const UpdateUser = Type.Object(
  { name: Type.Optional(Name), image: Type.Optional(Nullable(Image)) },
  { ...closed, 'x-component': 'UpdateUserRequest', minProperties: 1, examples: [{ name: 'Ada Lovelace' }] },
)

export const DeleteUser = Type.Object(
  { password: AnyPassword, callbackURL: Type.Optional(CallbackUrl) },
  {
    ...closed,
    'x-component': 'DeleteUserRequest',
    examples: [{ password: 'correct horse' }],
    description: 'Deletes the user with all tasks and sessions. This cannot be undone.',
  },
)

/** better-auth's client sends `{}` as an empty body. */
export const Nothing = OptionalBody(Type.Object({}, { ...closed, 'x-component': 'EmptyRequest', examples: [{}] }))

export const SessionQuery = Type.Object(
  { disableCookieCache: Type.Optional(Type.Boolean()), disableRefresh: Type.Optional(Type.Boolean()) },
  closed,
)

const user = Type.Unsafe({ $ref: 'AuthUser#' })
const session = Type.Unsafe({ $ref: 'AuthSession#' })

/** A header of answers that also set the session cookie. */
export const bearer = {
  'Set-Auth-Token': { type: 'string', description: 'The token with its signature; also valid as a bearer token' },
}

export const SignedUp = Type.Object(
  { token: Token, user },
  { 'x-component': 'SignUpAnswer', description: 'The user is signed up and signed in' },
)
/** Of a service that requires verified addresses. */
export const SignedUpUnverified = Type.Object({ token: { type: 'null' }, user } as const, {
  'x-component': 'SignUpAnswer',
  description: 'A mail was sent to the address; its link confirms the address',
})
export const SignedIn = Type.Object(
  { redirect: Type.Boolean(), token: Token, url: Type.Optional(Type.String({ maxLength: URL_LENGTH_MAX })), user },
  { 'x-component': 'SignInAnswer', description: 'Signed in' },
)
export const CurrentSession = Type.Unsafe({
  description: 'The session and its user, or null',
  anyOf: [Type.Object({ session, user }, { 'x-component': 'SessionAnswer' }), { type: 'null' }],
})
export const Sessions = Type.Array(session, { maxItems: SESSIONS_MAX, description: 'The active sessions' })
export const Done = Type.Object(
  { success: Type.Boolean() },
  { 'x-component': 'SuccessAnswer', additionalProperties: true, description: 'Done' },
)
export const Changed = Type.Object(
  { status: Type.Boolean() },
  { 'x-component': 'StatusAnswer', additionalProperties: true, description: 'Done' },
)
export const PasswordChanged = Type.Object(
  { token: Nullable(Token), user },
  {
    'x-component': 'ChangePasswordAnswer',
    description: 'The password is changed; with revokeOtherSessions the answer has a new token',
  },
)
