import { parseArgs } from 'node:util'
import { Problem, StartError } from '../errors.ts'
import { isVisible } from '../lib/visible.ts'
import { newPersonalToken, openPersonalTokenHashing } from '../http/personal-token.ts'
import { SCOPE_NAMES, servicePrincipal, type Scope } from '../principal.ts'
import { DAYS_DEFAULT, DAYS_MAX, NAME_LENGTH_MAX, type PersonalTokenCreate } from '../tokens/schema.ts'
import { create } from '../tokens/store.ts'
import type { CommandDeps } from './command-deps.ts'
import type { Output } from './output.ts'

export const TOKEN_USAGE = `usage: todo-backend token E-MAIL [--scopes SCOPES [--days DAYS] [--name NAME]] [--production]

Prints a new session token of the user who has this address, as signing in would: it lasts seven days.
  TOKEN=$(npm run -s token -- ada@example.com)

With --scopes it prints a new personal token, which is limited to these scopes:
  npm run -s token -- ada@example.com --scopes tasks:read,tasks:write --days 30

--scopes      one or more of ${SCOPE_NAMES.join(', ')}
--days        days until the personal token expires, 1 to ${DAYS_MAX}; ${DAYS_DEFAULT} by default
--name        the name of the personal token, which the history shows; "operator" by default
--production  also required with ENVIRONMENT=production, because it lets you act as another user`

interface TokenOptions {
  readonly email: string
  readonly production: boolean
  /** Of a personal token; undefined for a session. */
  readonly personal: PersonalTokenCreate | undefined
}

export function parseToken(args: readonly string[]): TokenOptions {
  const { values, positionals } = parsed(args)
  const [email, ...surplus] = positionals
  if (email === undefined || surplus.length > 0 || !/^[^@\s]+@[^@\s]+$/.test(email)) {
    throw new StartError('token needs one e-mail address: todo-backend token ada@example.com')
  }
  return { email, production: values.production === true, personal: personalOf(values) }
}

interface Values {
  readonly scopes?: string
  readonly days?: string
  readonly name?: string
}

/** Counts code points, as the schema of the route does. */
const NAME = new RegExp(`^.{1,${NAME_LENGTH_MAX}}$`, 'su')

function personalOf({ scopes, days, name = 'operator' }: Values): PersonalTokenCreate | undefined {
  if (scopes === undefined) {
    if (days === undefined && name === 'operator') return undefined
    throw new StartError('token needs --scopes for a personal token: --days and --name are for one')
  }
  const expiresInDays = Number(days ?? DAYS_DEFAULT)
  if (!Number.isInteger(expiresInDays) || expiresInDays < 1 || expiresInDays > DAYS_MAX) {
    throw new StartError(`--days must be a whole number from 1 to ${DAYS_MAX}`)
  }
  if (!isVisible(name) || !NAME.test(name.trim())) {
    throw new StartError(`--name must have 1 to ${NAME_LENGTH_MAX} characters`)
  }
  return { name: name.trim(), scopes: [...new Set(scopes.split(',').map(scopeOf))], expiresInDays }
}

function scopeOf(text: string): Scope {
  const scope = SCOPE_NAMES.find((each) => each === text.trim())
  if (scope === undefined) throw new StartError(`--scopes must be one or more of ${SCOPE_NAMES.join(', ')}`)
  return scope
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        production: { type: 'boolean' },
        scopes: { type: 'string' },
        days: { type: 'string' },
        name: { type: 'string' },
      },
    })
  } catch {
    throw new StartError(
      'token needs one e-mail address; its options are --scopes, --days, --name and --production: see token --help',
    )
  }
}

/** Creates a session or a personal token of the user and prints it. The log has the user's id. */
export async function token(deps: CommandDeps, options: TokenOptions, output: Output): Promise<void> {
  const { config, log, auth } = deps
  const { email, production, personal } = options
  if (config.environment === 'production' && !production) {
    throw new StartError(
      'token is refused in production, because it lets you act as another user: add --production to do so',
    )
  }
  if (personal !== undefined) return output.line(await personalToken(deps, email, personal))
  const session = (await auth.issueSession(email)) ?? unknownAddress()
  log.info({ userId: session.userId }, 'the operator created a session for a user')
  output.line(session.token)
}

/** @returns the token */
async function personalToken(
  { config, log, auth, db }: CommandDeps,
  email: string,
  personal: PersonalTokenCreate,
): Promise<string> {
  const userId = (await auth.findUser(email)) ?? unknownAddress()
  const made = newPersonalToken()
  const operator = servicePrincipal('operator', userId)
  const { id } = await db
    .asUser(operator, (sql) => create(sql, personal, made, openPersonalTokenHashing(config.encryptionKeys)))
    .catch((error: unknown) => {
      if (!(error instanceof Problem) || error.code !== 'token_limit_reached') throw error
      throw new StartError('the user has as many personal tokens as are possible: one must be deleted first')
    })
  log.info({ userId, tokenId: id, scopes: personal.scopes }, 'the operator created a personal token for a user')
  return made
}

const unknownAddress = (): never => {
  throw new StartError('no user has this e-mail address: sign up first, or create users with npm run seed')
}
