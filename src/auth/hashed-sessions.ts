import { AsyncLocalStorage } from 'node:async_hooks'
import type { DBAdapter, DBAdapterInstance, DBTransactionAdapter, Where } from 'better-auth/adapters'
import { hashSessionToken } from '../http/credential.ts'

/**
 * Prefix of handles, which name a session whose raw token is unknown: in the list of sessions and for revoking one. The dot keeps a
 * handle from being a bearer token: better-auth reads it as `token.signature`, and the signature is invalid.
 */
const HANDLE = 'h.'

/** The session tokens that a request has presented. */
interface SeenTokens {
  /** Raw tokens by their hash. better-auth must get the token it passed in, because it compares, signs and sends it. */
  readonly rawByHash: Map<string, string>
  /** Whether the hash of a raw token was found in the table. Only then may handles address sessions. */
  proven: boolean
}

const request = new AsyncLocalStorage<SeenTokens>()
const nothingSeen = (): SeenTokens => ({ rawByHash: new Map(), proven: false })

/** Runs the handling of one request: its tokens are recognised in the rows that it reads, and in no other request's. */
export const withinRequest = <T>(handle: () => T): T => request.run(nothingSeen(), handle)

/**
 * Wraps better-auth's database adapter so that the sessions table holds hashes and no tokens, while better-auth works with tokens.
 * Tokens are hashed when written or searched; a hash that is read becomes the token if this request has presented it, else a handle.
 *
 * A handle is not a credential, even if signed with the right secret: it addresses a session only after this request has presented a
 * raw token that is in the table.
 */
export function withHashedSessions(inner: DBAdapterInstance, secret: string): DBAdapterInstance {
  return (options) => {
    const tables = new Set(['session', options.session?.modelName])
    const adapter = inner(options)
    return {
      ...adapter,
      ...hashing(adapter, tables, secret),
      transaction: (work) => adapter.transaction((inside) => work({ ...inside, ...hashing(inside, tables, secret) })),
    }
  }
}

const METHODS = [
  'create',
  'findOne',
  'findMany',
  'count',
  'update',
  'updateMany',
  'delete',
  'deleteMany',
  'consumeOne',
  'incrementOne',
] as const satisfies readonly (keyof DBTransactionAdapter)[]

type Method = (typeof METHODS)[number]
type Fields = Readonly<Record<string, unknown>>

/** The union of all methods' parameters: `where` may search for a token, and three members may write one. */
interface Operation {
  readonly model: string
  readonly where?: readonly Where[]
  readonly data?: Fields
  readonly update?: Fields
  readonly set?: Fields
}

function hashing(
  adapter: DBTransactionAdapter,
  sessionTables: ReadonlySet<string | undefined>,
  secret: string,
): Pick<DBAdapter, Method> {
  const wrapped = METHODS.map((method) => {
    // better-auth types each method by its rows. Here all take an operation and return rows or a number.
    const perform = adapter[method] as (operation: Operation) => Promise<unknown>
    return [
      method,
      async (operation: Operation): Promise<unknown> => {
        const seen = request.getStore() ?? nothingSeen()
        const onSessions = sessionTables.has(operation.model)
        const result = await perform(onSessions ? hashed(operation, seen, secret) : operation)
        return revealed(result, onSessions, seen)
      },
    ]
  })
  // The names are those of METHODS, and each function has the behaviour of the one it wraps.
  return Object.fromEntries(wrapped) as Pick<DBAdapter, Method>
}

function hashed(operation: Operation, seen: SeenTokens, secret: string): Operation {
  const remember = (raw: string): string => {
    const hash = hashSessionToken(raw, secret)
    seen.rawByHash.set(hash, raw)
    return hash
  }
  /** A handle that may not be used is hashed like other text, and so matches nothing. */
  const searched = (value: string): string =>
    seen.proven && value.startsWith(HANDLE) ? value.slice(HANDLE.length) : remember(value)
  const searchedIn = (condition: Where): Where => {
    if (condition.field !== 'token') return condition
    const { value } = condition
    if (Array.isArray(value)) return { ...condition, value: value.map((each) => searched(String(each))) }
    return typeof value === 'string' ? { ...condition, value: searched(value) } : condition
  }
  const written = (fields: Fields): Fields =>
    typeof fields['token'] === 'string' ? { ...fields, token: remember(fields['token']) } : fields

  return {
    ...operation,
    ...(operation.where && { where: operation.where.map(searchedIn) }),
    ...(operation.data && { data: written(operation.data) }),
    ...(operation.update && { update: written(operation.update) }),
    ...(operation.set && { set: written(operation.set) }),
  }
}

/** Rows for better-auth. Sessions may also be joined to a row of another table, as its member `session`. */
function revealed(result: unknown, isSession: boolean, seen: SeenTokens): unknown {
  if (Array.isArray(result)) return result.map((row) => revealed(row, isSession, seen))
  if (typeof result !== 'object' || result === null) return result
  if (isSession) {
    if (!('token' in result) || typeof result.token !== 'string') return result
    const raw = seen.rawByHash.get(result.token)
    if (raw !== undefined) seen.proven = true
    return { ...result, token: raw ?? HANDLE + result.token }
  }
  return 'session' in result ? { ...result, session: revealed(result.session, true, seen) } : result
}
