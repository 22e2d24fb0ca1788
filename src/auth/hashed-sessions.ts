import { AsyncLocalStorage } from 'node:async_hooks'
import type { DBAdapter, DBAdapterInstance, DBTransactionAdapter, Where } from 'better-auth/adapters'
import { hashSessionToken } from '../http/credential.ts'

/**
 * How a session whose raw token is not at hand is named to its owner: in the list of sessions and to revoke one. The dot
 * keeps a handle from being a bearer token: better-auth reads it as `token.signature`, and that signature is wrong.
 */
const HANDLE = 'h.'

/** What one request has shown of session tokens. */
interface SeenTokens {
  /** Raw tokens by their hash. better-auth must get back the token it gave: it compares, signs and sends it. */
  readonly rawByHash: Map<string, string>
  /** Whether a raw token turned out to be in the table. Only then may a handle address a session. */
  proven: boolean
}

const request = new AsyncLocalStorage<SeenTokens>()
const nothingSeen = (): SeenTokens => ({ rawByHash: new Map(), proven: false })

/** Runs the handling of one request: tokens shown within it are recognised in the rows read by it, and in no other. */
export const withinRequest = <T>(handle: () => T): T => request.run(nothingSeen(), handle)

/**
 * Wraps better-auth's database adapter so that the sessions table holds hashes and never a token, while better-auth goes on
 * working with the tokens it made: on the way in tokens become hashes; on the way out a hash becomes the token if this
 * request has shown it, else a handle.
 *
 * A handle is no credential, even signed with the right secret: it addresses a session only after this request has shown
 * a raw token that is in the table.
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

/** All the methods' parameters in one: where a token may be looked for, and the three members that may write one. */
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
    // better-auth types each method by its rows; to this wrapper they are alike: an operation in, rows or a number out.
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
  // The names are METHODS', and each function does what the one it wraps declares.
  return Object.fromEntries(wrapped) as Pick<DBAdapter, Method>
}

function hashed(operation: Operation, seen: SeenTokens, secret: string): Operation {
  const remember = (raw: string): string => {
    const hash = hashSessionToken(raw, secret)
    seen.rawByHash.set(hash, raw)
    return hash
  }
  /** A handle that may not be used is hashed like any other text, and so matches nothing. */
  const sought = (value: string): string =>
    seen.proven && value.startsWith(HANDLE) ? value.slice(HANDLE.length) : remember(value)
  const soughtIn = (condition: Where): Where => {
    if (condition.field !== 'token') return condition
    const { value } = condition
    if (Array.isArray(value)) return { ...condition, value: value.map((each) => sought(String(each))) }
    return typeof value === 'string' ? { ...condition, value: sought(value) } : condition
  }
  const written = (fields: Fields): Fields =>
    typeof fields['token'] === 'string' ? { ...fields, token: remember(fields['token']) } : fields

  return {
    ...operation,
    ...(operation.where && { where: operation.where.map(soughtIn) }),
    ...(operation.data && { data: written(operation.data) }),
    ...(operation.update && { update: written(operation.update) }),
    ...(operation.set && { set: written(operation.set) }),
  }
}

/** Rows as better-auth may see them. Sessions also come joined to a row of another table, as its member `session`. */
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
