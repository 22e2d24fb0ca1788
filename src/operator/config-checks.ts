import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { DEVELOPMENT_SECRETS } from '../config/development-secrets.ts'
import { errorCode, fileErrorReason } from '../lib/file-errors.ts'
import { StartError } from '../errors.ts'
import { isThisMachine } from '../lib/host.ts'
import type { Secret } from '../lib/secret.ts'
import { fail, ok, skipped, warn, type Finding } from '../lib/finding.ts'

/** The configuration, or a finding for each of its mistakes. */
export function checkConfig(load: () => Config): { readonly config?: Config; readonly findings: readonly Finding[] } {
  try {
    const config = load()
    const where = config.database.address === undefined ? 'on the embedded database' : 'on a database server'
    return { config, findings: [ok('config', `${config.environment}, ${where}`)] }
  } catch (error) {
    if (!(error instanceof StartError)) throw error
    const mistakes = error.message.split('\n').filter((line) => !/^The configuration has \d+ mistakes:$/.test(line))
    return {
      findings: [
        ...mistakes.map((mistake) => fail('config', mistake)),
        skipped('all other checks', 'the configuration cannot be used'),
      ],
    }
  }
}

/** Settings that are valid but questionable in production. */
export function checkExposure({ environment, auth, http, metrics, redis }: Config): readonly Finding[] {
  const findings: Finding[] = []
  if (environment !== 'development') {
    findings.push(
      metrics.token === undefined
        ? warn(
            'metrics',
            'closed, because METRICS_TOKEN is not set',
            'set METRICS_TOKEN, and configure it in Prometheus',
          )
        : ok('metrics', 'require a token'),
    )
  }
  if (environment !== 'production') return findings
  if (auth.mode === 'embedded') {
    findings.push(
      auth.serverUrl?.startsWith('https:') === true
        ? ok('public URL', 'https')
        : warn(
            'public URL',
            auth.serverUrl === undefined ? 'PUBLIC_URL is not set' : 'the public URL is not https',
            'set PUBLIC_URL to the https:// URL under which browsers reach this service',
          ),
    )
  }
  findings.push(
    http.corsOrigins.some((origin) => origin.startsWith('http:'))
      ? warn(
          'CORS',
          'CORS_ORIGINS allows pages that are loaded over plain http',
          'list the https:// origins of your pages',
        )
      : ok('CORS', `${http.corsOrigins.length} origins`),
    http.trustProxy.length > 0
      ? ok('proxy', 'X-Forwarded-For is trusted from TRUST_PROXY')
      : warn(
          'proxy',
          'TRUST_PROXY is not set',
          'set it to the addresses of your proxy, or all clients share its limits',
        ),
  )
  const { protocol, hostname } = new URL(redis.url.reveal())
  if (protocol !== 'rediss:' && !isThisMachine(hostname)) {
    findings.push(warn('Redis TLS', 'REDIS_URL is not encrypted', 'use rediss://, unless the network is private'))
  }
  return findings
}

/** The source of the secrets, and whether other users can read them. */
export function checkSecrets(config: Config): readonly Finding[] {
  const path = join(config.dataDir, 'secrets.json')
  let made: string
  try {
    made = readFileSync(path, 'utf8')
  } catch (error) {
    return errorCode(error) === 'ENOENT'
      ? [ok('secrets', 'from the environment, or generated at the first start')]
      : [fail('secrets', `${path}: ${fileErrorReason(error)}`, 'allow this user to read it')]
  }
  const used = secretsOf(config).filter((secret) => made.includes(`"${secret.reveal()}"`)).length
  if (used === 0) return [ok('secrets', 'from the environment')]
  const found = `${used} of ${DEVELOPMENT_SECRETS.length} made for development, in ${path}`
  if (config.environment === 'production') {
    return [fail('secrets', found, 'generate new ones for production: openssl rand -base64 32')]
  }
  return [ok('secrets', found), ...[path, config.dataDir].map(privacyOf)]
}

const secretsOf = ({ auth, encryptionKeys }: Config): readonly Secret[] => [
  ...[auth.sessionHashSecret, auth.betterAuthSecret].filter((secret) => secret !== undefined),
  ...auth.services.map(({ token }) => token),
  ...encryptionKeys,
]

function privacyOf(path: string): Finding {
  const mode = statSync(path).mode & 0o777
  const isOpen = (mode & 0o077) !== 0
  return isOpen
    ? warn('privacy', `${path} has mode ${mode.toString(8)}: other users can read it`, `chmod go= ${path}`)
    : ok('privacy', `${path} is not readable by other users`)
}
