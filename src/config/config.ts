import { resolve } from 'node:path'

import { DATABASE_VARIABLES, readDatabase, type DatabaseConfig } from './database-config.ts'
import {
  type DevelopmentSecretName,
  type DevelopmentSecrets,
  developmentSecrets,
  fillSecrets,
} from './development-secrets.ts'
import { readDotEnv } from './dot-env.ts'
import {
  type Env,
  EnvReader,
  headerValue,
  host,
  httpUrl,
  network,
  origin,
  type VariableTable,
} from '../lib/env-reader.ts'
import { tableName, type TableName } from '../lib/table-name.ts'
import { namedToken, Secret, SecretRules } from '../lib/secret.ts'
import { readRedis, REDIS_VARIABLES, type RedisConfig } from './redis-config.ts'
import { readTracing, TRACING_VARIABLES, type TracingConfig } from './tracing-config.ts'
import type { FeatureSettings, Settings, SettingsReader } from './settings.ts'

/** The variables that do not belong to a feature, with their other names. `.env.example` describes each of them. */
export const VARIABLES = {
  ENVIRONMENT: ['ENV'],
  DATA_DIR: [],
  HOST: [],
  PORT: [],
  PUBLIC_URL: [],
  CORS_ORIGINS: ['ALLOWED_ORIGINS'],
  TRUST_PROXY: [],
  WORKERS: [],
  SHUTDOWN_TIMEOUT: [],
  DOCS_ENABLED: [],
  ...DATABASE_VARIABLES,
  AUTH_MODE: [],
  SESSION_TOKEN_STORAGE: [],
  AUTH_USERS_TABLE: [],
  AUTH_SESSIONS_TABLE: [],
  AUTH_SERVER_URL: [],
  SESSION_HASH_SECRET: [],
  BETTER_AUTH_SECRET: [],
  SERVICE_AUTH_TOKEN: [],
  ENCRYPTION_KEY: [],
  ...REDIS_VARIABLES,
  RATE_LIMIT_READ: [],
  RATE_LIMIT_WRITE: [],
  JOBS_POLL_SECONDS: [],
  LOG_LEVEL: [],
  METRICS_TOKEN: [],
  ...TRACING_VARIABLES,
} as const satisfies VariableTable

type Variable = keyof typeof VARIABLES
type Reader = SettingsReader<Variable> & Pick<EnvReader<Variable>, 'exact' | 'fill'>

/** Includes those of features. */
export const variablesWith = (settings: readonly Settings[]): VariableTable =>
  Object.assign({}, VARIABLES, ...settings.map(({ variables }) => variables))

const namesOf = (variables: VariableTable): ReadonlySet<string> =>
  new Set(Object.entries(variables).flatMap(([name, others]) => [name, ...others]))

/** Whether the other names of a variable mean the same. Of OpenTelemetry's two names the one for traces overrides the one for all signals. */
const isRenamed = (name: string): boolean => !Object.hasOwn(TRACING_VARIABLES, name)

/** In POSIX shells `ENV` is the path of a start-up file; Alpine images often set it. */
const namesShellStartFile = (env: string | undefined): boolean => env?.includes('/') === true

const ENVIRONMENTS = ['development', 'staging', 'production'] as const
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

export interface Config extends FeatureSettings {
  readonly environment: (typeof ENVIRONMENTS)[number]
  /** Absolute. Holds the embedded database and the development secrets. */
  readonly dataDir: string
  readonly http: HttpConfig
  readonly database: DatabaseConfig
  readonly auth: AuthConfig
  /** Fernet keys: the first encrypts, all decrypt. At least one. Cursors are signed with a key derived from the first. */
  readonly encryptionKeys: readonly Secret[]
  readonly redis: RedisConfig
  readonly limits: { readonly readPerMinute: number; readonly writePerMinute: number }
  readonly log: { readonly level: (typeof LOG_LEVELS)[number] }
  /** How often a process looks for jobs that another one enqueued; 0 for never. */
  readonly jobs: { readonly pollMs: number }
  readonly metrics: { readonly token?: Secret }
  /** Absent: tracing is off. */
  readonly tracing?: TracingConfig
}

export interface HttpConfig {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** The URL at which clients reach this service, including a path prefix that a proxy strips; without a slash at the end. */
  readonly publicUrl?: string
  /** Exact origins; outside production also `*` (any) and `null` (sandboxed frames, files). */
  readonly corsOrigins: readonly string[]
  /** IP addresses and CIDR networks whose `X-Forwarded-For` is trusted; usually none. */
  readonly trustProxy: readonly string[]
  /** Processes that share the port. */
  readonly workers: number
  readonly shutdownTimeoutMs: number
  readonly docsEnabled: boolean
}

/** A service that may act for users. One name may have several tokens, so that they can be rotated without downtime. */
export interface ServiceCredential {
  readonly name: string
  readonly token: Secret
}

interface CommonAuth {
  /** The public URL of the auth server, without a slash at the end. */
  readonly serverUrl?: string
  readonly services: readonly ServiceCredential[]
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

export interface ParseOptions {
  /** The settings of features. */
  readonly settings: readonly Settings[]
  /** The base of a relative DATA_DIR, and the directory of `.env`. */
  readonly cwd?: string
}

export interface LoadOptions extends ParseOptions {
  readonly env?: Env
  /** Provides missing secrets outside production. By default they are generated and stored. */
  readonly secrets?: (dataDir: string) => DevelopmentSecrets
}

/** Reads the configuration of this process: its environment first, then `.env` in the working directory. */
export function loadConfig({ env, secrets = developmentSecrets, ...options }: LoadOptions): Config {
  // oxlint-disable-next-line no-process-env -- the only place that reads it: everything else gets a Config
  const own = env ?? process.env
  const names = namesOf(variablesWith(options.settings))
  return parseConfig({ ...readDotEnv(options.cwd ?? process.cwd(), names), ...own }, secrets, options)
}

/**
 * Checks all variables and throws one StartError with a line for each mistake. Pure except for `makeSecrets`, which is called with the
 * absolute data directory, and only if a secret is missing that may be generated.
 */
export function parseConfig(
  env: Env,
  makeSecrets: (dataDir: string) => DevelopmentSecrets,
  { settings, cwd = process.cwd() }: ParseOptions,
): Config {
  const variables = variablesWith(settings)
  const reader = new EnvReader<string>(
    env,
    namesShellStartFile(env['ENV']) ? { ...variables, ENVIRONMENT: [] } : variables,
  )
  reader.refuseContradictions(Object.keys(variables).filter(isRenamed))
  // A misspelt environment is checked as production: `prod` must not start with generated secrets, nor hide missing ones.
  const environment = reader.choice(
    'ENVIRONMENT',
    reader.has('ENVIRONMENT') ? 'production' : 'development',
    ENVIRONMENTS,
  )
  const production = environment === 'production'
  const dataDir = resolve(cwd, reader.value('DATA_DIR', '.data', String))
  const rules = new SecretRules(production)
  const scheme = readAuthScheme(reader)
  fillSecrets(reader, requiredSecrets(scheme), production, () => makeSecrets(dataDir))
  const http = readHttp(reader, production)
  const tracing = readTracing(reader)
  return reader.finish({
    environment,
    dataDir,
    http,
    database: readDatabase(reader, production, http.workers),
    auth: readAuth(reader, rules, scheme, http.publicUrl),
    encryptionKeys: reader.list('ENCRYPTION_KEY', [], (entry) => rules.acceptFernetKey('ENCRYPTION_KEY', entry)),
    features: Object.fromEntries(settings.map(({ name, read }) => [name, read(reader, rules)])),
    redis: readRedis(reader, production),
    limits: {
      readPerMinute: reader.integer('RATE_LIMIT_READ', 100, 1, 1_000_000),
      writePerMinute: reader.integer('RATE_LIMIT_WRITE', 30, 1, 1_000_000),
    },
    jobs: { pollMs: reader.seconds('JOBS_POLL_SECONDS', 60_000, 0, 86_400) },
    log: { level: reader.choice('LOG_LEVEL', 'info', LOG_LEVELS) },
    metrics: readMetrics(reader, rules),
    ...(tracing && { tracing }),
  })
}

function readHttp(reader: Reader, production: boolean): HttpConfig {
  const publicUrl = reader.value('PUBLIC_URL', undefined, httpUrl)
  return {
    ...(publicUrl !== undefined && { publicUrl }),
    host: reader.value('HOST', '127.0.0.1', host),
    port: reader.integer('PORT', 8000, 0, 65_535),
    corsOrigins: reader.list('CORS_ORIGINS', ['http://localhost:3000'], (entry) => {
      if (entry !== '*' && entry !== 'null') return origin(entry)
      if (production) throw new Error('allows any website; list exact origins in production')
      return entry
    }),
    trustProxy: reader.list('TRUST_PROXY', [], network),
    workers: reader.integer('WORKERS', 1, 1, 64),
    shutdownTimeoutMs: reader.seconds('SHUTDOWN_TIMEOUT', 10_000, 1, 600),
    docsEnabled: reader.flag('DOCS_ENABLED', true),
  }
}

type AuthScheme = Pick<EmbeddedAuth, 'mode' | 'tokenStorage'> | Pick<ExternalAuth, 'mode' | 'tokenStorage'>

function readAuthScheme(reader: Reader): AuthScheme {
  const mode = reader.choice('AUTH_MODE', 'embedded', ['embedded', 'external'])
  const tokenStorage = reader.choice('SESSION_TOKEN_STORAGE', 'auto', ['auto', 'hashed', 'plain'])
  if (mode === 'external') return { mode, tokenStorage }
  if (tokenStorage === 'plain') {
    reader.mistake('SESSION_TOKEN_STORAGE', 'plain is only for AUTH_MODE=external: remove it, embedded always hashes')
  }
  return { mode, tokenStorage: 'hashed' }
}

function requiredSecrets({ mode, tokenStorage }: AuthScheme): readonly DevelopmentSecretName[] {
  return [
    'SERVICE_AUTH_TOKEN',
    'ENCRYPTION_KEY',
    ...(tokenStorage === 'plain' ? [] : (['SESSION_HASH_SECRET'] as const)),
    // A generated one would not match signatures of another server.
    ...(mode === 'embedded' ? (['BETTER_AUTH_SECRET'] as const) : []),
  ]
}

function readAuth(reader: Reader, rules: SecretRules, scheme: AuthScheme, publicUrl: string | undefined): AuthConfig {
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
  const common: CommonAuth = {
    ...(serverUrl !== undefined && { serverUrl }),
    services: reader.list('SERVICE_AUTH_TOKEN', [], (entry) => {
      const { name, token } = namedToken(entry)
      return { name, token: rules.accept('SERVICE_AUTH_TOKEN', headerValue(token)) }
    }),
  }
  if (scheme.mode === 'external') {
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

/** No minimum length: the token only gives access to metrics. */
function readMetrics(reader: Reader, rules: SecretRules): Config['metrics'] {
  const token = reader.value('METRICS_TOKEN', undefined, (text) =>
    rules.acceptDistinct('METRICS_TOKEN', headerValue(text)),
  )
  return token ? { token } : {}
}
