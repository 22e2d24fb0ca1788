import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { inspect, parseEnv } from 'node:util'

import { loadConfig, parseConfig, VARIABLES } from '../configuration.ts'
import { namesOf } from '../lib/variable.ts'
import { VARIABLES as OWN_VARIABLES } from './config.ts'
import { SETTINGS } from '../features.ts'
import type { Config } from './config.ts'
import type { DevelopmentSecrets } from './development-secrets.ts'
import { StartError } from '../errors.ts'
import type { Env } from '../lib/env-reader.ts'
import { Secret } from '../lib/secret.ts'

const HASH = 'fZ3nP0qVxW7cT1rL9sKdYb5mGh2uJe8A'
const AUTH = 'Qw8RtY4uI1oP6aSdF3gHjK9lZxC2vBn7'
const TOKEN = 'mK5jH2gF9dS4aP7oI1uY6tR3eW8qLzXc'
const OTHER_TOKEN = 'Zp4Xo7Cv2Bn9Mq1Lw5Ke8Jr3Ht6Gy0Fu'
const FERNET = 'X2x1Y2tfa2V5XzEyMzQ1Njc4OV9hYmNkZWZnaGlqa2w='
const OTHER_FERNET = 'bW9yZV9ieXRlc180NTY3ODlfenl4d3Z1dHNycXBvbm0='
const PASSWORD = 'hunter2hunter2'

const MADE: DevelopmentSecrets = {
  SESSION_HASH_SECRET: new Secret(`made-hash-${HASH}`),
  SERVICE_AUTH_TOKEN: new Secret(`made-token-${TOKEN}`),
  ENCRYPTION_KEY: new Secret(FERNET),
  BETTER_AUTH_SECRET: new Secret(`made-auth-${AUTH}`),
}

const PRODUCTION: Env = {
  ENVIRONMENT: 'production',
  DATABASE_URL: `postgresql://app:${PASSWORD}@db/todo?sslmode=verify-full`,
  SESSION_HASH_SECRET: HASH,
  BETTER_AUTH_SECRET: AUTH,
  SERVICE_AUTH_TOKEN: TOKEN,
  ENCRYPTION_KEY: FERNET,
}

const parse = (env: Env): Config => parseConfig(env, () => MADE, '/srv/app')

/** The lines of the refusal, without its headline if there are several. */
function mistakes(env: Env, makeSecrets: () => DevelopmentSecrets = () => MADE): string[] {
  try {
    parseConfig(env, makeSecrets, '/srv/app')
  } catch (error) {
    assert.ok(error instanceof StartError)
    const lines = error.message.split('\n')
    return lines.length === 1 ? lines : lines.slice(1)
  }
  return []
}

/** The variables that the refusal names, in the order of its lines. */
const accused = (env: Env): string[] => mistakes(env).map((line) => line.slice(0, line.indexOf(':')))

const services = (config: Config): string[] =>
  config.auth.services.map(({ name, token }) => `${name} ${token.reveal()}`)

suite('an empty environment', () => {
  test('is a working development configuration', () => {
    const { auth, encryptionKeys, features, redis, ...rest } = parse({})
    assert.deepEqual(rest, {
      environment: 'development',
      dataDir: '/srv/app/.data',
      http: {
        host: '127.0.0.1',
        port: 8000,
        corsOrigins: ['http://localhost:3000'],
        trustProxy: [],
        workers: 1,
        shutdownTimeoutMs: 10_000,
        docsEnabled: true,
      },
      database: {
        role: 'todo_app',
        poolSize: 10,
        poolOverflow: 20,
        acquireTimeoutMs: 30_000,
        recycleMs: 3_600_000,
        pooler: 'none',
        preparedStatements: true,
        echo: false,
      },
      jobs: { pollMs: 60_000 },
      limits: { readPerMinute: 100, writePerMinute: 30 },
      mail: {
        via: 'outbox',
        directory: '/srv/app/.data/outbox',
        from: { name: 'Todo', address: 'todo@todo-backend.invalid' },
        linksUrl: 'http://localhost:8000',
      },
      log: { level: 'info' },
      metrics: {},
    })
    assert.deepEqual([auth.mode, auth.tokenStorage, auth.serverUrl], ['embedded', 'hashed', undefined])
    assert.equal(auth.sessionHashSecret?.reveal(), `made-hash-${HASH}`)
    assert.equal(auth.betterAuthSecret?.reveal(), `made-auth-${AUTH}`)
    assert.deepEqual(services(parse({})), [`default made-token-${TOKEN}`])
    assert.deepEqual(encryptionKeys.map(String), ['[secret]'])
    assert.deepEqual(
      Object.keys(features),
      SETTINGS.map(({ name }) => name),
    )
    assert.deepEqual([redis.url.reveal(), redis.keyPrefix], ['redis://localhost:6379/0', 'todo-backend:'])
    assert.equal(redis.isExpected, false)
  })

  test('means the same as one whose variables are all empty or blank', () => {
    const blank = Object.fromEntries(Object.keys(VARIABLES).map((name, index) => [name, ' '.repeat(index % 2)]))
    assert.deepEqual(parse(blank), parse({}))
  })
})

suite('a configuration', () => {
  test('is deeply frozen', () => {
    const isFrozen = (value: unknown): boolean =>
      typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(isFrozen))
    assert.ok(isFrozen(parse({ ...PRODUCTION, TRUST_PROXY: '10.0.0.1', METRICS_TOKEN: 'm' })))
  })

  test('prints no secret', () => {
    const config = parse({ ...PRODUCTION, REDIS_URL: `rediss://:${PASSWORD}@r/1`, METRICS_TOKEN: 'metrics-4711' })
    const printed = inspect(config, { depth: 9, showHidden: true }) + JSON.stringify(config)
    for (const secret of [HASH, AUTH, TOKEN, FERNET, PASSWORD, '4711']) assert.ok(!printed.includes(secret))
  })

  test('reads every variable that it knows, and no other', () => {
    const asked = new Set<string>()
    // Only `get` is trapped, because the reader never lists the variables.
    const env: Env = new Proxy<Record<string, string>>({}, { get: (_, name) => void asked.add(String(name)) })
    parse(env)
    assert.deepEqual(asked, new Set(Object.entries(VARIABLES).flatMap(([name, variable]) => namesOf(name, variable))))
  })

  test('accepts the earlier names of variables', () => {
    const former = {
      SQLALCHEMY_POOL_SIZE: '3',
      SQLALCHEMY_MAX_OVERFLOW: '4',
      SQLALCHEMY_POOL_TIMEOUT: '5',
      SQLALCHEMY_POOL_RECYCLE: '6s',
      SQLALCHEMY_ECHO: 'True',
    }
    const expected = {
      role: 'todo_app',
      poolSize: 3,
      poolOverflow: 4,
      acquireTimeoutMs: 5000,
      recycleMs: 6000,
      pooler: 'none',
      preparedStatements: true,
      echo: true,
    }
    assert.deepEqual(parse(former).database, expected)
    assert.equal(parse({ SQLALCHEMY_POOL_OVERFLOW: '7' }).database.poolOverflow, 7)
    assert.equal(parse({ ...former, DATABASE_POOL_SIZE: ' 3' }).database.poolSize, 3)
    assert.equal(parse({ ...former, DATABASE_POOL_SIZE: ' ' }).database.poolSize, 3)
    assert.deepEqual(accused({ SQLALCHEMY_POOL_SIZE: 'many' }), ['SQLALCHEMY_POOL_SIZE'])
  })

  test('is production with ENV=production, and accepts ALLOWED_ORIGINS as CORS_ORIGINS', () => {
    const { ENVIRONMENT, ...others } = PRODUCTION
    const { environment, http } = parse({ ...others, ENV: ENVIRONMENT, ALLOWED_ORIGINS: 'https://a.example' })
    assert.deepEqual([environment, http.corsOrigins], ['production', ['https://a.example']])
    assert.deepEqual(accused({ ENV: 'production' }).length, 5)
    assert.deepEqual(accused({ ENV: 'prod', ALLOWED_ORIGINS: 'a' }).length, 7)
    assert.deepEqual(accused({ ALLOWED_ORIGINS: 'a' }), ['ALLOWED_ORIGINS'])
  })

  test('is refused when two names of one variable are set to different values', () => {
    for (const [name, former, one, another] of [
      ['ENVIRONMENT', 'ENV', 'development', 'production'],
      ['CORS_ORIGINS', 'ALLOWED_ORIGINS', 'https://a.example', 'https://b.example'],
      ['DATABASE_POOL_SIZE', 'SQLALCHEMY_POOL_SIZE', '1', '2'],
      ['DATABASE_POOL_OVERFLOW', 'SQLALCHEMY_POOL_OVERFLOW', '1', '2'],
    ] as const) {
      assert.deepEqual(mistakes({ [name]: one, [former]: another }), [
        `${name}: is the same variable as ${former}, with another value: keep one of them`,
      ])
      assert.deepEqual(accused({ [name]: one, [former]: ` ${one}` }), [])
      assert.deepEqual(accused({ [name]: one, [former]: ' ' }), [])
    }
    assert.deepEqual(accused({ SQLALCHEMY_MAX_OVERFLOW: '1', SQLALCHEMY_POOL_OVERFLOW: '2' }), [
      'SQLALCHEMY_MAX_OVERFLOW',
    ])
  })

  test('does not use ENV if it is the start-up file of a shell', () => {
    for (const ENV of ['/root/.ashrc', '$HOME/.shrc', '~/.kshrc']) {
      assert.equal(parse({ ENV }).environment, 'development')
      assert.equal(parse({ ...PRODUCTION, ENV }).environment, 'production')
    }
  })

  test('migrates with the login of DATABASE_URL unless another is configured', () => {
    const { database } = parse(PRODUCTION)
    assert.equal(database.migrationAddress, database.address)
    const other = parse({ ...PRODUCTION, MIGRATION_DATABASE_URL: 'postgres://owner:p@db/todo' }).database
    assert.deepEqual([other.address?.user, other.migrationAddress?.user], ['app', 'owner'])
  })

  test('accepts a duration with or without its unit, and names in any case', () => {
    const { http, log } = parse({ SHUTDOWN_TIMEOUT: '25s', LOG_LEVEL: 'DEBUG', DOCS_ENABLED: 'no', PORT: '0' })
    assert.deepEqual([http.shutdownTimeoutMs, log.level, http.docsEnabled, http.port], [25_000, 'debug', false, 0])
  })

  test('accepts lists with blanks around their entries', () => {
    const { http } = parse({
      CORS_ORIGINS: 'https://a.example , http://[::1]:3000,capacitor://localhost',
      TRUST_PROXY: '10.0.0.0/8, 2001:db8::/32 ,::1',
    })
    assert.deepEqual(http.corsOrigins, ['https://a.example', 'http://[::1]:3000', 'capacitor://localhost'])
    assert.deepEqual(http.trustProxy, ['10.0.0.0/8', '2001:db8::/32', '::1'])
  })

  test('accepts services by name, several tokens per service, and a token without a name for the default service', () => {
    const env = { SERVICE_AUTH_TOKEN: `agent=${TOKEN},agent=${OTHER_TOKEN}==, ${FERNET}` }
    assert.deepEqual(services(parse(env)), [`agent ${TOKEN}`, `agent ${OTHER_TOKEN}==`, `default ${FERNET}`])
  })

  test('keeps the order of the encryption keys', () => {
    const { encryptionKeys } = parse({ ENCRYPTION_KEY: `${OTHER_FERNET},${FERNET}` })
    assert.deepEqual(
      encryptionKeys.map((each) => each.reveal()),
      [OTHER_FERNET, FERNET],
    )
  })

  test('allows any origin outside production', () => {
    assert.deepEqual(parse({ ENVIRONMENT: 'staging', CORS_ORIGINS: '*,null' }).http.corsOrigins, ['*', 'null'])
  })
})

const WRONG: readonly (readonly [variable: string, ...values: string[]])[] = [
  ['ENVIRONMENT', 'prod', 'dev', 'test'],
  ['HOST', '[::1]', 'a b', '1.2.3', 'http://localhost'],
  ['PORT', '-1', '65536', '80.5', '0x50', 'http', '8000,8001'],
  ['WORKERS', '0', '65', 'auto', '2'],
  ['SHUTDOWN_TIMEOUT', '0', '10m', '1.5', 's'],
  ['DOCS_ENABLED', 'maybe', '2'],
  [
    'CORS_ORIGINS',
    'https://a.example/',
    'https://a.example/x',
    'a.example',
    'https://A.example',
    'https://a.example:443',
  ],
  ['CORS_ORIGINS', 'https://*.a.example', 'https://u@a.example', 'https://a.example:', 'https://a.example,', 'file://'],
  ['TRUST_PROXY', 'true', '*', 'loopback', '10.0.0.0/33', '0.0.0.0/0', '::/129', '10.0.0.0/', '1.2.3', '10.0.0.1/8/8'],
  ['DATABASE_URL', 'mysql://h/d', `postgres://u:${PASSWORD}@h/d?x=1`, 'sqlite:///todo.db'],
  ['MIGRATION_DATABASE_URL', 'postgres://u@h/d'],
  ['DATABASE_ROLE', 'Todo', 'todo-app', 'a'.repeat(56), '1a', 'pg_todo', 'a"b'],
  ['DATABASE_POOL_SIZE', '0', '-1', 'ten'],
  ['DATABASE_POOL_OVERFLOW', '-1', '1001'],
  ['DATABASE_POOL_TIMEOUT', '0', '601'],
  ['DATABASE_POOL_RECYCLE', '-1', '86401'],
  ['DATABASE_POOLER', 'session', 'pgbouncer'],
  ['DATABASE_PREPARED_STATEMENTS', '0.5', 'some'],
  ['DATABASE_ECHO', 'debug'],
  ['AUTH_MODE', 'none'],
  ['SESSION_TOKEN_STORAGE', 'clear', 'plain'],
  [
    'PUBLIC_URL',
    'todo.example',
    'ftp://a.example',
    `https://u:${PASSWORD}@a.example`,
    'https://a.example/?x',
    `https://a.example/${'x'.repeat(255)}`,
  ],
  ['AUTH_USERS_TABLE', 'users', 'a.b.c', '"user"', 'auth.', '.user', 'a b', 'x'.repeat(64)],
  ['AUTH_SESSIONS_TABLE', 'session', 'auth. session', '1st', "s'"],
  ['AUTH_SERVER_URL', 'auth.example', 'ftp://a.example', `https://u:${PASSWORD}@a.example`, 'https://a.example/?x'],
  ['REQUIRE_EMAIL_VERIFICATION', 'perhaps'],
  ['SESSION_HASH_SECRET', 'short', `${HASH} `],
  ['BETTER_AUTH_SECRET', 'short', ` ${AUTH}`],
  [
    'SERVICE_AUTH_TOKEN',
    'short',
    'agent=short',
    'agent=',
    `Agent=${TOKEN}`,
    `${TOKEN},`,
    `a=${TOKEN},b=${TOKEN}`,
    `ü${TOKEN}`,
  ],
  ['ENCRYPTION_KEY', HASH, FERNET.slice(0, -1), `${FERNET},${FERNET}`, `${FERNET};${OTHER_FERNET}`],
  [
    'SMTP_URL',
    'mail.example',
    'mail.example:587',
    'http://mail.example',
    'smtp://',
    `smtp://todo@mail.example`,
    `smtp://:${PASSWORD}@mail.example`,
    'smtp://mail.example/path',
    'smtp://mail.example/#x',
    'smtp://mail.example:99999',
    'smtp://%zz:x@mail.example',
    'smtp://mail_%65.example',
    'smtp://mail.example?tls.rejectUnauthorized=false',
    'smtps://mail.example?starttls=never',
  ],
  [
    'MAIL_FROM',
    'Todo',
    'todo@',
    'a@b.example, c@d.example',
    'Todo <todo@b.example> x',
    'To\ndo <todo@b.example>',
    'T:<a@b.example>',
  ],
  ['REDIS_URL', 'localhost:6379', 'http://localhost', 'redis://', 'redis://localhost/zero', `rediss:${PASSWORD}`],
  ['RATE_LIMIT_READ', '0', '1e3', '100/min'],
  ['RATE_LIMIT_WRITE', '0', '-30'],
  ['RATE_LIMIT_KEY_PREFIX', 'two words', 'todo*', '{todo}', 'tödo', 'a'.repeat(65)],
  ['JOBS_POLL_SECONDS', '-1', '86401', 'never'],
  ['LOG_LEVEL', 'loud'],
  ['METRICS_TOKEN', 'two words', 'ü'],
  ['OTEL_SDK_DISABLED', 'maybe'],
  ['OTEL_TRACES_EXPORTER', 'zipkin', 'console', 'otlp,none'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318', 'grpc://collector', `http://u:${PASSWORD}@collector`],
  ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'collector:4318', 'http://collector/?token=x'],
  ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'grpc', 'json'],
  ['OTEL_EXPORTER_OTLP_TRACES_HEADERS', PASSWORD, `${PASSWORD}=%zz`, `a b=${PASSWORD}`, `a=${PASSWORD}%0a`, 'a=b,'],
  ['OTEL_SERVICE_NAME', 'tödo'],
  ['OTEL_RESOURCE_ATTRIBUTES', 'team', '=x', 'a=%'],
  ['OTEL_TRACES_SAMPLER', 'sometimes', 'jaeger_remote'],
  ['OTEL_TRACES_SAMPLER_ARG', '-1', '1.1', 'half', '1e-1'],
]

suite('an invalid value is reported in one line that names the variable and does not quote the value:', () => {
  for (const [variable, ...values] of WRONG) {
    for (const value of values) {
      test(`${variable}=${value}`, () => {
        const valid = variable === 'ENVIRONMENT' ? PRODUCTION : {}
        const [line = '', ...more] = mistakes({ ...valid, [variable]: value })
        assert.deepEqual(more, [])
        assert.ok(line.startsWith(`${variable}: `))
        for (const secret of [HASH, AUTH, TOKEN, FERNET, PASSWORD]) assert.ok(!line.includes(secret))
      })
    }
  }

  test('every variable has a case here', () => {
    assert.deepEqual(
      new Set(WRONG.map(([variable]) => variable)),
      // Features test their own variables.
      new Set(Object.keys(OWN_VARIABLES).filter((each) => each !== 'DATA_DIR')),
    )
  })

  test('all invalid values are reported at once, and each entry of a list separately', () => {
    const env = { PORT: 'x', LOG_LEVEL: 'loud', CORS_ORIGINS: 'a,http://b,c', DATABASE_URL: 'x', ENCRYPTION_KEY: 'x' }
    assert.deepEqual(accused(env).sort(), [
      'CORS_ORIGINS',
      'CORS_ORIGINS',
      'DATABASE_URL',
      'ENCRYPTION_KEY',
      'LOG_LEVEL',
      'PORT',
    ])
    assert.match(mistakes(env).join('\n'), /^CORS_ORIGINS: entry 1 .*\nCORS_ORIGINS: entry 3 /m)
  })

  test('an unusable data directory is reported together with the others', () => {
    const refuse = (): never => {
      throw new StartError('DATA_DIR: cannot use /x')
    }
    assert.deepEqual(mistakes({ PORT: 'x' }, refuse).sort(), [
      'DATA_DIR: cannot use /x',
      'PORT: must be a whole number from 0 to 65535',
    ])
  })
})

suite('production', () => {
  test('starts with the required variables', () => {
    assert.equal(parse(PRODUCTION).environment, 'production')
  })

  test('lists all missing variables, and generates no secrets', () => {
    const required = Object.keys(PRODUCTION).filter((each) => each !== 'ENVIRONMENT')
    assert.deepEqual(accused({ ENVIRONMENT: 'production' }).sort(), required.sort())
    for (const each of required) assert.deepEqual(accused({ ...PRODUCTION, [each]: ' ' }), [each])
    parseConfig(PRODUCTION, () => assert.fail('secrets were generated'))
  })

  test('is assumed if the environment is misspelt', () => {
    assert.deepEqual(accused({ ENVIRONMENT: 'prod' }).length, 6)
  })

  test('refuses secrets that are easy to guess, which development accepts', () => {
    const weak = {
      SESSION_HASH_SECRET: 'x'.repeat(32),
      BETTER_AUTH_SECRET: 'change-me-please-0123456789-abcdef',
      SERVICE_AUTH_TOKEN: `agent=${'abc'.repeat(11)}`,
      ENCRYPTION_KEY: `${'A'.repeat(43)}=`,
    }
    assert.deepEqual(accused({ ...PRODUCTION, ...weak }).sort(), Object.keys(weak).sort())
    assert.deepEqual(accused(weak), [])
  })

  test('refuses one secret for two purposes', () => {
    const same = { SESSION_HASH_SECRET: HASH, BETTER_AUTH_SECRET: HASH, SERVICE_AUTH_TOKEN: HASH, METRICS_TOKEN: HASH }
    assert.deepEqual(accused({ ...PRODUCTION, ...same }).length, 3)
    assert.deepEqual(accused(same), [])
  })

  test('refuses origins that allow any website', () => {
    assert.deepEqual(accused({ ...PRODUCTION, CORS_ORIGINS: '*,null,https://a.example' }), [
      'CORS_ORIGINS',
      'CORS_ORIGINS',
    ])
  })

  test('has no extra rules in staging', () => {
    assert.deepEqual(accused({ ENVIRONMENT: 'staging' }), [])
  })
})

suite('the mail server', () => {
  const MAIL = { SMTP_URL: `smtp://todo%40b:${PASSWORD}%2f@mail.example`, MAIL_FROM: 'Todo <todo@b.example>' }
  const PUBLIC = { PUBLIC_URL: 'https://todo.example/app' }

  test('has its ports and its TLS by the scheme, and is not encrypted on this machine or if that is said', () => {
    const serverOf = (url: string): unknown => {
      const { mail } = parse({ ...MAIL, SMTP_URL: url })
      return mail.via === 'smtp' && mail.server
    }
    assert.deepEqual(serverOf('smtp://mail.example'), { host: 'mail.example', port: 587, tls: 'starttls' })
    assert.deepEqual(serverOf('smtps://mail.example/'), { host: 'mail.example', port: 465, tls: 'implicit' })
    assert.deepEqual(serverOf('smtps://127.0.0.1:2465'), { host: '127.0.0.1', port: 2465, tls: 'implicit' })
    assert.deepEqual(serverOf('smtp://localhost:1025'), { host: 'localhost', port: 1025, tls: 'none' })
    assert.deepEqual(serverOf('smtp://[::1]'), { host: '::1', port: 587, tls: 'none' })
    assert.deepEqual(serverOf('smtp://relay:25?starttls=never'), { host: 'relay', port: 25, tls: 'none' })
  })

  test('has a user and a password with any characters', () => {
    const { mail } = parse({ ...PRODUCTION, ...PUBLIC, ...MAIL })
    assert.ok(mail.via === 'smtp')
    assert.deepEqual([mail.server.login?.user, mail.server.login?.password.reveal()], ['todo@b', `${PASSWORD}/`])
    assert.ok(!inspect(mail, { depth: 9, showHidden: true }).includes(PASSWORD))
    assert.deepEqual(
      [mail.from, mail.linksUrl],
      [{ name: 'Todo', address: 'todo@b.example' }, 'https://todo.example/app'],
    )
  })

  test('has a sender with a name, a quoted name, or none', () => {
    const fromOf = (text: string): unknown => {
      const { mail } = parse({ ...MAIL, MAIL_FROM: text })
      return mail.via === 'smtp' && mail.from
    }
    assert.deepEqual(fromOf('todo@b.example'), { name: '', address: 'todo@b.example' })
    assert.deepEqual(fromOf('<todo@b.example>'), { name: '', address: 'todo@b.example' })
    assert.deepEqual(fromOf('Ada & Söhne <todo@b.example>'), { name: 'Ada & Söhne', address: 'todo@b.example' })
    assert.deepEqual(fromOf('"Todo, Inc." <todo@b.example>'), { name: 'Todo, Inc.', address: 'todo@b.example' })
  })

  test('is configured completely or not at all', () => {
    assert.deepEqual(accused({ SMTP_URL: MAIL.SMTP_URL }), ['MAIL_FROM'])
    assert.deepEqual(accused({ MAIL_FROM: MAIL.MAIL_FROM }), ['SMTP_URL'])
    assert.deepEqual(accused({ ...PRODUCTION, ...MAIL }), ['PUBLIC_URL'])
    assert.deepEqual(accused({ ...PRODUCTION, ...MAIL, AUTH_SERVER_URL: 'https://todo.example' }), [])
    assert.deepEqual(accused(MAIL), [])
  })

  test('is needed if addresses must be verified, except in development', () => {
    const required = { REQUIRE_EMAIL_VERIFICATION: 'true' }
    assert.equal(parse(required).auth.requireEmailVerification, true)
    assert.deepEqual(accused({ ENVIRONMENT: 'staging', ...required }), ['REQUIRE_EMAIL_VERIFICATION'])
    assert.deepEqual(accused({ ...PRODUCTION, ...required, ...MAIL, ...PUBLIC }), [])
    assert.deepEqual(accused({ AUTH_MODE: 'external', ...required }), ['REQUIRE_EMAIL_VERIFICATION'])
  })

  test('is not needed: development writes files, and other environments have no mails', () => {
    assert.equal(parse(PRODUCTION).mail.via, 'nothing')
    assert.equal(parse({ ENVIRONMENT: 'staging' }).mail.via, 'nothing')
    assert.equal(parse({}).mail.via, 'outbox')
  })

  test('is refused with an external auth server, which has the addresses', () => {
    assert.deepEqual(accused({ AUTH_MODE: 'external', ...MAIL }), ['SMTP_URL', 'MAIL_FROM'])
    assert.equal(parse({ AUTH_MODE: 'external' }).mail.via, 'nothing')
  })
})

suite('an external auth server', () => {
  const EXTERNAL = { ...PRODUCTION, AUTH_MODE: 'external', BETTER_AUTH_SECRET: '' }

  test('does not require its signing secret, which is then not generated either', () => {
    assert.equal(parse(EXTERNAL).auth.betterAuthSecret, undefined)
    assert.equal(parse({ AUTH_MODE: 'external' }).auth.betterAuthSecret, undefined)
  })

  test("accepts the exact names of the auth server's tables, with or without a schema", () => {
    for (const bad of ['a.b.c', '"user"', 'auth.', 'x'.repeat(64)]) {
      assert.deepEqual(accused({ AUTH_MODE: 'external', AUTH_USERS_TABLE: bad }), ['AUTH_USERS_TABLE'])
    }
    const { auth } = parse({ AUTH_MODE: 'external', AUTH_USERS_TABLE: ' Auth.user ', AUTH_SESSIONS_TABLE: 'session' })
    assert.ok(auth.mode === 'external')
    assert.deepEqual([auth.usersTable, auth.sessionsTable], [{ schema: 'Auth', name: 'user' }, { name: 'session' }])
    assert.equal(parse({ ...EXTERNAL, BETTER_AUTH_SECRET: AUTH }).auth.betterAuthSecret?.reveal(), AUTH)
  })

  test('requires SESSION_HASH_SECRET unless its sessions are plain', () => {
    const without = { ...EXTERNAL, SESSION_HASH_SECRET: '' }
    assert.deepEqual(accused(without), ['SESSION_HASH_SECRET'])
    assert.deepEqual(accused({ ...without, SESSION_TOKEN_STORAGE: 'hashed' }), ['SESSION_HASH_SECRET'])
    const { auth } = parse({ ...without, SESSION_TOKEN_STORAGE: 'plain' })
    assert.deepEqual([auth.tokenStorage, auth.sessionHashSecret], ['plain', undefined])
  })

  test('has a URL without a slash at the end', () => {
    assert.equal(parse({ AUTH_SERVER_URL: 'https://auth.example/base/' }).auth.serverUrl, 'https://auth.example/base')
    const { http, auth } = parse({ PUBLIC_URL: 'https://a.example/todo/' })
    assert.deepEqual([http.publicUrl, auth.serverUrl], ['https://a.example/todo', 'https://a.example/todo'])
    const external = parse({ PUBLIC_URL: 'https://a.example', AUTH_MODE: 'external' })
    assert.equal(external.auth.serverUrl, undefined)
  })
})

suite('the configuration of this process', () => {
  async function scratch(context: TestContext): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), 'config-'))
    context.after(() => rm(directory, { recursive: true }))
    return directory
  }

  test('comes from .env in the working directory, and the environment wins', async (context) => {
    const cwd = await scratch(context)
    await writeFile(join(cwd, '.env'), 'PORT=4001\nHOST="::1" # all\nLOG_LEVEL=warn\nDATA_DIR=here\n')
    const { http, log, dataDir } = loadConfig({ cwd, env: { PORT: '4002', LOG_LEVEL: '' } })
    assert.deepEqual([http.port, http.host, log.level, dataDir], [4002, '::1', 'info', join(cwd, 'here')])
  })

  test('names a line of .env that is no assignment, and accepts all others', async (context) => {
    const cwd = await scratch(context)
    const good = `# it's a comment\n\nexport HOST=::1\nLOG_LEVEL = 'warn' # why\nDATA_DIR="a\nb c\n"\nPORT=4001`
    await writeFile(join(cwd, '.env'), good)
    assert.equal(loadConfig({ env: { DATA_DIR: cwd }, cwd }).http.port, 4001)
    for (const [line, text] of [
      [1, 'PORT 4001\nHOST=::1'],
      [3, '# a\nHOST=::1\nPORT: 4001\n'],
      [9, `${good}\nLOG_LEVEL`],
    ] as const) {
      await writeFile(join(cwd, '.env'), text)
      assert.throws(
        () => loadConfig({ env: { DATA_DIR: cwd }, cwd }),
        new RegExp(`^StartError: line ${line} of .*\\.env is not of the form NAME=value: [^\n]+$`),
      )
    }
  })

  test('does not require .env, and stores the secrets that it generates', async (context) => {
    const cwd = await scratch(context)
    const [first, second] = [loadConfig({ cwd, env: {} }), loadConfig({ cwd, env: {} })]
    assert.deepEqual(services(first), services(second))
    assert.ok((await readFile(join(cwd, '.data', 'secrets.json'), 'utf8')).includes('SESSION_HASH_SECRET'))
  })

  test('creates no file in production', async (context) => {
    const cwd = await scratch(context)
    loadConfig({ cwd, env: PRODUCTION })
    await assert.rejects(readFile(join(cwd, '.data', 'secrets.json')), { code: 'ENOENT' })
  })

  test('is refused if .env exists and cannot be read', async (context) => {
    const cwd = await scratch(context)
    await mkdir(join(cwd, '.env'))
    assert.throws(
      () => loadConfig({ cwd, env: {} }),
      /^StartError: cannot read .*\.env: illegal operation on a directory; /,
    )
  })
})

suite('a pooler between the service and PostgreSQL', () => {
  const url = (query = '', host = 'h'): string => `postgres://u@${host}/d${query}`
  const CASES: readonly (readonly [guarantee: string, env: Env, pooler: string, preparedStatements: boolean])[] = [
    ['is none by default, with prepared statements', { DATABASE_URL: url() }, 'none', true],
    [
      'has no prepared statements by default',
      { DATABASE_URL: url(), DATABASE_POOLER: 'transaction' },
      'transaction',
      false,
    ],
    [
      'has prepared statements if the variable says so',
      { DATABASE_URL: url(), DATABASE_POOLER: 'transaction', DATABASE_PREPARED_STATEMENTS: 'true' },
      'transaction',
      true,
    ],
    ['is detected from the URL', { DATABASE_URL: url('?pgbouncer=true') }, 'transaction', false],
    [
      'is detected from a host of Neon',
      { DATABASE_URL: url('', 'ep-x-1-pooler.eu.aws.neon.tech') },
      'transaction',
      false,
    ],
    [
      'is configured by the variable rather than the URL',
      { DATABASE_URL: url('?pgbouncer=true'), DATABASE_POOLER: 'none' },
      'none',
      true,
    ],
    [
      'is not required to disable prepared statements',
      { DATABASE_URL: url('?prepared_statement_cache_size=0') },
      'none',
      false,
    ],
  ]
  for (const [guarantee, env, pooler, preparedStatements] of CASES) {
    test(guarantee, () => {
      const { database } = parse(env)
      assert.deepEqual([database.pooler, database.preparedStatements], [pooler, preparedStatements])
    })
  }
})

suite('the endpoint of traces', () => {
  const ENDPOINT = 'http://collector:4318'
  const CASES: readonly [string, Record<string, string>, string | undefined][] = [
    ['is unset by default', {}, undefined],
    [
      'is unset if only the name of the service is configured',
      { OTEL_SERVICE_NAME: 'x', OTEL_TRACES_SAMPLER: 'always_on' },
      undefined,
    ],
    ['is that of all signals', { OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT }, `${ENDPOINT}/v1/traces`],
    [
      'may have a path before its own',
      { OTEL_EXPORTER_OTLP_ENDPOINT: `${ENDPOINT}/otlp/` },
      `${ENDPOINT}/otlp/v1/traces`,
    ],
    [
      'is exactly that of the variable for traces',
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${ENDPOINT}/in` },
      `${ENDPOINT}/in`,
    ],
    [
      'is that of the variable for traces rather than that of all signals',
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${ENDPOINT}/in`, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://other' },
      `${ENDPOINT}/in`,
    ],
    [
      'is on this machine if only the exporter is configured',
      { OTEL_TRACES_EXPORTER: 'otlp' },
      'http://localhost:4318/v1/traces',
    ],
    ['can be disabled', { OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }, undefined],
    [
      'can be disabled with all signals',
      { OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT, OTEL_SDK_DISABLED: 'true' },
      undefined,
    ],
  ]
  for (const [guarantee, env, url] of CASES) test(guarantee, () => assert.equal(parse(env).tracing?.url, url))

  test('has decoded headers and attributes, and its headers are not printed', () => {
    const { tracing } = parse({
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer%20${PASSWORD},x=y%3D`,
      OTEL_RESOURCE_ATTRIBUTES: 'team=a%2Cb, zone=1=2',
    })
    assert.deepEqual(
      Object.entries(tracing?.headers ?? {}).map(([name, value]) => [name, value.reveal()]),
      [
        ['authorization', `Bearer ${PASSWORD}`],
        ['x', 'y='],
      ],
    )
    assert.deepEqual(tracing?.resource, { team: 'a,b', zone: '1=2', 'service.name': 'todo-backend' })
    assert.ok(!inspect(tracing, { depth: 9 }).includes(PASSWORD))
  })
})

test('has the name of the service from OTEL_SERVICE_NAME, or else from the attributes', () => {
  const nameOf = (env: Record<string, string>): string | undefined =>
    parse({ OTEL_TRACES_EXPORTER: 'otlp', ...env }).tracing?.resource['service.name']
  const OTEL_RESOURCE_ATTRIBUTES = 'service.name=by-attribute'
  assert.equal(nameOf({ OTEL_RESOURCE_ATTRIBUTES }), 'by-attribute')
  assert.equal(nameOf({ OTEL_RESOURCE_ATTRIBUTES, OTEL_SERVICE_NAME: 'by-name' }), 'by-name')
})

test('a variable without a value means the default that is declared for documents', () => {
  const declared = Object.entries(VARIABLES).map(([name, { default: value = '' }]) => [name, value])
  assert.deepEqual(parse(Object.fromEntries(declared)), parse({}))
})

suite('.env.example', () => {
  const textOf = (): Promise<string> => readFile(new URL('../../.env.example', import.meta.url), 'utf8')

  test('sets no variable without changes', async () => {
    assert.deepEqual(Object.keys(parseEnv(await textOf())), [])
  })

  test('has only existing variables, and all that production requires', async () => {
    const shown = Object.keys(parseEnv((await textOf()).replaceAll(/^# (?=[A-Z_]+=)/gm, '')))
    assert.deepEqual(
      shown.filter((name) => !Object.hasOwn(VARIABLES, name)),
      [],
    )
    for (const required of accused({ ENVIRONMENT: 'production' })) assert.ok(shown.includes(required), required)
  })
})
