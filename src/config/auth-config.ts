import { type EnvReader, headerValue, httpUrl } from '../lib/env-reader.ts'
import { namedToken, Secret, type SecretRules } from '../lib/secret.ts'
import { tableName, type TableName } from '../lib/table-name.ts'
import type { VariableTable } from '../lib/variable.ts'
import type { DevelopmentSecretName } from './development-secrets.ts'

export const AUTH_VARIABLES = {
  AUTH_MODE: {
    default: 'embedded',
    does: '`embedded`: this process signs users up and in. `external`: another server does.',
  },
  SESSION_TOKEN_STORAGE: {
    default: 'auto',
    does: '`hashed`, `plain` or `auto`. Only with `AUTH_MODE=external`: embedded always hashes.',
  },
  AUTH_SERVER_URL: {
    does: 'Public URL of the embedded auth server, `PUBLIC_URL` if not set; with `https://` its cookies are `Secure`, as they always are in production.',
  },
  AUTH_USERS_TABLE: {
    does: "The other auth server's table of users: `auth.user`, or without the schema if that is on the search path. Unset: `users`, else `user`. Only with `AUTH_MODE=external`.",
  },
  AUTH_SESSIONS_TABLE: {
    does: 'The same for its sessions. Unset: `user_sessions`, else `session`.',
  },
  SESSION_HASH_SECRET: {
    does: "Required, except with `SESSION_TOKEN_STORAGE=plain`. The key of the HMAC under which sessions are stored; with an external server it must be that server's. A new value signs all users out.",
  },
  BETTER_AUTH_SECRET: {
    does: "Required with `AUTH_MODE=embedded`; at least 32 bytes. Signs session tokens and cookies. With an external server it must be that server's secret; it is optional, and used to check signatures.",
  },
  REQUIRE_EMAIL_VERIFICATION: {
    default: 'false',
    does: '`true`: users can sign in only after they have confirmed their address by the link in a mail, and a sign-up does not say whether an address has a user. Only with `AUTH_MODE=embedded`, and where there are [mails](mail.md).',
  },
  SERVICE_AUTH_TOKEN: {
    does: 'Required. Tokens of services that may act for users: `name=token,name=token`, or a bare token of the service `default`. A name is a lower-case letter and at most 31 of `a-z 0-9 _ -`. Two tokens of one name are both valid, so that a token can be changed without an interruption.',
  },
} as const satisfies VariableTable

type Variable = keyof typeof AUTH_VARIABLES
type Reader = Pick<EnvReader<Variable>, 'choice' | 'exact' | 'flag' | 'has' | 'list' | 'mistake' | 'value'>

/** A service that may act for users. One name may have several tokens, so that they can be rotated without downtime. */
export interface ServiceCredential {
  readonly name: string
  readonly token: Secret
}

interface CommonAuth {
  /** The public URL of the auth server, without a slash at the end. */
  readonly serverUrl?: string
  readonly services: readonly ServiceCredential[]
  /** Whether users can sign in only with a verified address. */
  readonly requireEmailVerification: boolean
}

/** This process is the auth server. */
export interface EmbeddedAuth extends CommonAuth {
  readonly mode: 'embedded'
  readonly tokenStorage: 'hashed'
  readonly sessionHashSecret: Secret
  readonly betterAuthSecret: Secret
}

/** Another server owns users and sessions. This process has that server's secrets only to verify its sessions. */
export interface ExternalAuth extends CommonAuth {
  readonly mode: 'external'
  readonly tokenStorage: 'auto' | 'hashed' | 'plain'
  /** Present unless `tokenStorage` is `plain`. */
  readonly sessionHashSecret?: Secret
  /** Absent: the signature in `raw.signature` cannot be checked. */
  readonly betterAuthSecret?: Secret
  /** Absent: found by the usual names. */
  readonly usersTable?: TableName
  readonly sessionsTable?: TableName
}

export type AuthConfig = EmbeddedAuth | ExternalAuth

export type AuthScheme = Pick<EmbeddedAuth, 'mode' | 'tokenStorage'> | Pick<ExternalAuth, 'mode' | 'tokenStorage'>

export function readAuthScheme(reader: Reader): AuthScheme {
  const mode = reader.choice('AUTH_MODE', 'embedded', ['embedded', 'external'])
  const tokenStorage = reader.choice('SESSION_TOKEN_STORAGE', 'auto', ['auto', 'hashed', 'plain'])
  if (mode === 'external') return { mode, tokenStorage }
  if (tokenStorage === 'plain') {
    reader.mistake('SESSION_TOKEN_STORAGE', 'plain is only for AUTH_MODE=external: remove it, embedded always hashes')
  }
  return { mode, tokenStorage: 'hashed' }
}

export function requiredSecrets({ mode, tokenStorage }: AuthScheme): readonly DevelopmentSecretName[] {
  return [
    'SERVICE_AUTH_TOKEN',
    'ENCRYPTION_KEY',
    ...(tokenStorage === 'plain' ? [] : (['SESSION_HASH_SECRET'] as const)),
    // A generated one would not match signatures of another server.
    ...(mode === 'embedded' ? (['BETTER_AUTH_SECRET'] as const) : []),
  ]
}

export function readAuth(
  reader: Reader,
  rules: SecretRules,
  scheme: AuthScheme,
  publicUrl: string | undefined,
): AuthConfig {
  const secret = (name: Variable): Secret | undefined =>
    reader.value(name, undefined, (text) => {
      // Not trimmed, because other programs use the exact value of the same variable as the key.
      if (text !== reader.exact(name)) throw new Error('begins or ends with white space: remove it')
      return rules.accept(name, text)
    })
  const sessionHashSecret = secret('SESSION_HASH_SECRET')
  const betterAuthSecret = secret('BETTER_AUTH_SECRET')
  // The embedded auth server has the URL of this service; an external one has another.
  const fallback = scheme.mode === 'embedded' ? publicUrl : undefined
  const serverUrl = reader.value('AUTH_SERVER_URL', fallback, httpUrl)
  const requireEmailVerification = reader.flag('REQUIRE_EMAIL_VERIFICATION', false)
  const common: CommonAuth = {
    requireEmailVerification,
    ...(serverUrl !== undefined && { serverUrl }),
    services: reader.list('SERVICE_AUTH_TOKEN', [], (entry) => {
      const { name, token } = namedToken(entry)
      return { name, token: rules.accept('SERVICE_AUTH_TOKEN', headerValue(token)) }
    }),
  }
  if (scheme.mode === 'external') {
    if (requireEmailVerification) {
      reader.mistake(
        'REQUIRE_EMAIL_VERIFICATION',
        'is only for AUTH_MODE=embedded: the other auth server signs users in',
      )
    }
    const usersTable = reader.value('AUTH_USERS_TABLE', undefined, tableName)
    const sessionsTable = reader.value('AUTH_SESSIONS_TABLE', undefined, tableName)
    return {
      ...common,
      ...scheme,
      ...(sessionHashSecret && { sessionHashSecret }),
      ...(betterAuthSecret && { betterAuthSecret }),
      ...(usersTable && { usersTable }),
      ...(sessionsTable && { sessionsTable }),
    }
  }
  for (const name of ['AUTH_USERS_TABLE', 'AUTH_SESSIONS_TABLE'] as const) {
    if (reader.has(name)) reader.mistake(name, 'is only for AUTH_MODE=external: remove it, or set AUTH_MODE')
  }
  // A missing secret has been recorded as a mistake, so `finish` throws and the empty one is never used.
  const none = new Secret('')
  return {
    ...common,
    ...scheme,
    sessionHashSecret: sessionHashSecret ?? none,
    betterAuthSecret: betterAuthSecret ?? none,
  }
}
