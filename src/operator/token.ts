import { parseArgs } from 'node:util'
import { StartError } from '../errors.ts'
import type { CommandDeps } from './command-deps.ts'
import type { Output } from './output.ts'

export const TOKEN_USAGE = `usage: todo-backend token E-MAIL [--production]

Prints a new session token of the user who has this address, as signing in would: it lasts seven days.
  TOKEN=$(npm run -s token -- ada@example.com)

--production  also with ENVIRONMENT=production, where it is refused otherwise: it lets you in as somebody else`

interface TokenOptions {
  readonly email: string
  readonly production: boolean
}

export function parseToken(args: readonly string[]): TokenOptions {
  const { values, positionals } = parsed(args)
  const [email, ...surplus] = positionals
  if (email === undefined || surplus.length > 0 || !/^[^@\s]+@[^@\s]+$/.test(email)) {
    throw new StartError('token takes one e-mail address: todo-backend token ada@example.com')
  }
  return { email, production: values.production === true }
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: { production: { type: 'boolean' } } })
  } catch {
    throw new StartError('token takes one e-mail address, and --production: see token --help')
  }
}

/** Signs the user in and prints the token. The log tells whose it is. */
export async function token(
  { config, log, auth }: CommandDeps,
  { email, production }: TokenOptions,
  output: Output,
): Promise<void> {
  if (config.environment === 'production' && !production) {
    throw new StartError(
      'token is refused in production, where it would let you in as somebody else: say --production if you mean it',
    )
  }
  const session = await auth.issueSession(email)
  if (session === undefined) {
    throw new StartError('nobody has this e-mail address here: sign up first, or make users with npm run seed')
  }
  log.info({ userId: session.userId }, 'the operator made a session for a user')
  output.line(session.token)
}
