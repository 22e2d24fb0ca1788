import { parseArgs } from 'node:util'
import { StartError } from '../errors.ts'
import type { CommandDeps } from './command-deps.ts'
import type { Output } from './output.ts'

export const TOKEN_USAGE = `usage: todo-backend token E-MAIL [--production]

Prints a new session token of the user who has this address, as signing in would: it lasts seven days.
  TOKEN=$(npm run -s token -- ada@example.com)

--production  also required with ENVIRONMENT=production, because it lets you act as another user`

interface TokenOptions {
  readonly email: string
  readonly production: boolean
}

export function parseToken(args: readonly string[]): TokenOptions {
  const { values, positionals } = parsed(args)
  const [email, ...surplus] = positionals
  if (email === undefined || surplus.length > 0 || !/^[^@\s]+@[^@\s]+$/.test(email)) {
    throw new StartError('token needs one e-mail address: todo-backend token ada@example.com')
  }
  return { email, production: values.production === true }
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: { production: { type: 'boolean' } } })
  } catch {
    throw new StartError('token needs one e-mail address; its only option is --production: see token --help')
  }
}

/** Creates a session of the user and prints its token. The log has the user's id. */
export async function token(
  { config, log, auth }: CommandDeps,
  { email, production }: TokenOptions,
  output: Output,
): Promise<void> {
  if (config.environment === 'production' && !production) {
    throw new StartError(
      'token is refused in production, because it lets you act as another user: add --production to do so',
    )
  }
  const session = await auth.issueSession(email)
  if (session === undefined) {
    throw new StartError('no user has this e-mail address: sign up first, or create users with npm run seed')
  }
  log.info({ userId: session.userId }, 'the operator created a session for a user')
  output.line(session.token)
}
