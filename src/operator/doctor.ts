import { parseArgs } from 'node:util'
import type { Config } from '../config/config.ts'
import { errorCode } from '../lib/file-errors.ts'
import { StartError } from '../errors.ts'
import { isEmailAddress } from '../lib/email-address.ts'
import { listenHost, reachableUrl } from '../lib/host.ts'
import { checkConfig, checkExposure, checkSecrets } from './config-checks.ts'
import { checkDatabase } from './database-checks.ts'
import { fail, messageOf, ok, warn, type Finding } from '../lib/finding.ts'
import { checkMail } from './mail-checks.ts'
import { openOutput, type Output } from './output.ts'
import { checkRedis } from './redis-checks.ts'

export const DOCTOR_USAGE = `usage: todo-backend doctor [--json] [--mail ADDRESS]

Looks at configuration, secrets, database, roles, policies, migrations, keys, Redis, mail server, clocks and TLS, and says what to do
next. Changes nothing. Exit status 1 when something failed.

--json  an array of {check, state, found, next}; state is ok, warn, fail or skipped
--mail  sends a test mail to that address`

const HEALTH_TIMEOUT_MS = 2_000

/** @throws StartError for invalid arguments; every other error is a row of the table */
export async function doctor(
  args: readonly string[],
  load: () => Config,
  output: Output & Partial<Disposable> = openOutput(),
): Promise<void> {
  const { json, help, mail } = options(args)
  if (help) return output.line(DOCTOR_USAGE)
  const findings: Finding[] = [ok('Node', process.versions.node)]
  const { config, findings: ofConfig } = checkConfig(load)
  findings.push(...ofConfig)
  if (config !== undefined) {
    output.progress('looking at database, Redis and mail server')
    for (const looked of await Promise.all([
      settled('secrets', async () => checkSecrets(config)),
      settled('exposure', async () => checkExposure(config)),
      settled('port', () => checkPort(config)),
      settled('database', () => checkDatabase(config)),
      settled('Redis', () => checkRedis(config)),
      settled('mail', () => checkMail(config, mail)),
    ])) {
      findings.push(...looked)
    }
  }
  output[Symbol.dispose]?.()
  if (json) output.line(JSON.stringify(findings, null, 2))
  else for (const line of table(findings)) output.line(line)
  if (findings.some(({ state }) => state === 'fail')) process.exitCode = 1
}

interface Options {
  readonly json: boolean
  readonly help: boolean
  /** Gets a test mail. */
  readonly mail?: string
}

function options(args: readonly string[]): Options {
  const values = parsed(args)
  if (values.mail !== undefined && !isEmailAddress(values.mail)) {
    throw new StartError('--mail needs an address such as you@example.org')
  }
  return values
}

function parsed(args: readonly string[]): Options {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        mail: { type: 'string' },
      },
    })
    return values
  } catch {
    throw new StartError('the options of doctor are --json and --mail ADDRESS: see doctor --help')
  }
}

/** A bug in one check must not prevent the others. */
const settled = (check: string, look: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> =>
  look().catch((error: unknown) => [fail(check, messageOf(error))])

/** Whether the service is running, its port is free, or another program uses the port. */
async function checkPort({ http: { host, port } }: Config): Promise<readonly Finding[]> {
  if (port === 0) return [ok('port', 'any free one')]
  const where = `${host}:${port}`
  const url = `${reachableUrl(listenHost(host), port)}/health/ready`
  try {
    // The timeout covers head and body, because any program may listen there.
    const response = await fetch(url, { signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) })
    const { service, status } = (await response.json()) as { service?: string; status?: string }
    if (service !== 'todo-backend') throw new SyntaxError('another service')
    return response.ok
      ? [ok('port', `the service runs at ${where}, and is ${status}`)]
      : [warn('port', `the service runs at ${where}, and is ${status}`, `curl -s ${url}`)]
  } catch (error) {
    return [unanswered(error, where)]
  }
}

function unanswered(error: unknown, where: string): Finding {
  if (error instanceof Error && error.name === 'TimeoutError') {
    const found = `${where} does not answer within ${HEALTH_TIMEOUT_MS / 1000} s`
    return fail(
      'port',
      found,
      'stop the process that listens there or set PORT to another, and check that HOST is an address of this machine',
    )
  }
  switch (error instanceof Error ? errorCode(error.cause) : undefined) {
    case 'ECONNREFUSED':
      return ok('port', `${where} is free`)
    case 'EADDRNOTAVAIL':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return fail(
        'port',
        `the host of ${where} is not an address of this machine`,
        'set HOST to an address of this machine, or to 0.0.0.0 for all',
      )
    default:
      return fail('port', `${where} is in use by something else`, 'stop that program, or set PORT to another')
  }
}

function table(findings: readonly Finding[]): readonly string[] {
  const width = Math.max(...findings.map(({ check }) => check.length))
  const rows = findings.flatMap(({ check, state, found, next }) => [
    `${state.padEnd(7)}  ${check.padEnd(width)}  ${found.replaceAll('\n', ' ')}`,
    ...(next === undefined ? [] : [`${' '.repeat(width + 11)}→ ${next}`]),
  ])
  const count = (state: Finding['state']): number => findings.filter((each) => each.state === state).length
  return [
    `${'STATE'.padEnd(7)}  ${'CHECK'.padEnd(width)}  FOUND, AND WHAT TO DO NEXT`,
    ...rows,
    '',
    `${count('ok')} ok, ${count('warn')} to look at, ${count('fail')} failed, ${count('skipped')} skipped`,
  ]
}
