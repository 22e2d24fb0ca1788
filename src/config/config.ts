import { resolve } from 'node:path'

import { type Env, EnvReader, headerValue } from '../lib/env-reader.ts'
import { type Secret, SecretRules } from '../lib/secret.ts'
import { namesOf, type VariableTable } from '../lib/variable.ts'
import { AUTH_VARIABLES, readAuth, readAuthScheme, requiredSecrets, type AuthConfig } from './auth-config.ts'
import { DATABASE_VARIABLES, readDatabase, type DatabaseConfig } from './database-config.ts'
import { type DevelopmentSecrets, developmentSecrets, fillSecrets } from './development-secrets.ts'
import { readDotEnv } from './dot-env.ts'
import { HTTP_VARIABLES, readHttp, type HttpConfig } from './http-config.ts'
import { MAIL_VARIABLES, readMail, type MailConfig } from './mail-config.ts'
import { readRedis, REDIS_VARIABLES, type RedisConfig } from './redis-config.ts'
import type { FeatureSettings, Settings, SettingsReader } from './settings.ts'
import { readTracing, TRACING_VARIABLES, type TracingConfig } from './tracing-config.ts'

/** The variables that do not belong to a feature. docs/configuration.md is generated from them and from those of features. */
export const VARIABLES = {
  ENVIRONMENT: {
    otherNames: ['ENV'],
    default: 'development',
    does: '`development`, `staging` or `production`. Only production requires the secrets, only development migrates at start and shows metrics without a token. `ENV` does not count if it is a path, as shells use it for their start-up file.',
  },
  DATA_DIR: {
    default: '.data',
    does: 'Directory of the embedded database and of development secrets, relative to the working directory. Created with mode 0700.',
  },
  LOG_LEVEL: {
    default: 'info',
    does: '`fatal`, `error`, `warn`, `info`, `debug`, `trace` or `silent`. The log is written to standard output: one JSON object per line, or readable text if it is a terminal.',
  },
  JOBS_POLL_SECONDS: {
    default: '60',
    does: 'Seconds between polls for [background jobs](operations/jobs.md) that other processes added; `0` disables polling, so that a database that scales to zero can sleep.',
  },
  ...HTTP_VARIABLES,
  METRICS_TOKEN: {
    does: 'Bearer token for `/metrics`. Outside development the metrics are closed without it.',
  },
  ...DATABASE_VARIABLES,
  ...AUTH_VARIABLES,
  ...MAIL_VARIABLES,
  ENCRYPTION_KEY: {
    does: 'Required. Comma-separated Fernet keys for secrets of users in the database: the first encrypts, all decrypt. If a key is lost, what it encrypted is lost. The first also signs the cursors of lists. Generate one with `openssl rand -base64 32 \\| tr +/ -_`. [How to change it](operations/encryption-keys.md).',
  },
  ...REDIS_VARIABLES,
  RATE_LIMIT_READ: {
    default: '100',
    does: 'Requests per minute and user: GET and HEAD.',
  },
  RATE_LIMIT_WRITE: {
    default: '30',
    does: 'Requests per minute and user: all others.',
  },
  ...TRACING_VARIABLES,
} as const satisfies VariableTable

type Variable = keyof typeof VARIABLES
type Reader = SettingsReader<Variable> & Pick<EnvReader<Variable>, 'exact' | 'fill'>

/** Includes those of features. */
export const variablesWith = (settings: readonly Settings[]): VariableTable =>
  Object.assign({}, VARIABLES, ...settings.map(({ variables }) => variables))

/** All names of all variables. */
const allNamesOf = (variables: VariableTable): ReadonlySet<string> =>
  new Set(Object.entries(variables).flatMap(([name, variable]) => namesOf(name, variable)))

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
  readonly mail: MailConfig
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
  const names = allNamesOf(variablesWith(options.settings))
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
    namesShellStartFile(env['ENV'])
      ? { ...variables, ENVIRONMENT: { ...VARIABLES.ENVIRONMENT, otherNames: [] } }
      : variables,
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
  const auth = readAuth(reader, rules, scheme, http.publicUrl)
  const tracing = readTracing(reader)
  return reader.finish({
    environment,
    dataDir,
    http,
    database: readDatabase(reader, production, http.workers),
    auth,
    mail: readMail(reader, { environment, dataDir, auth, http }),
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

/** No minimum length: the token only gives access to metrics. */
function readMetrics(reader: Reader, rules: SecretRules): Config['metrics'] {
  const token = reader.value('METRICS_TOKEN', undefined, (text) =>
    rules.acceptDistinct('METRICS_TOKEN', headerValue(text)),
  )
  return token ? { token } : {}
}
