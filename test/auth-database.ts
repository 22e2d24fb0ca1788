import { randomBytes } from 'node:crypto'
import { Duplex } from 'node:stream'
import { PGlite } from '@electric-sql/pglite'
import { Client, Pool, type ClientConfig } from 'pg'
import { clientDefaults, enterServingRole } from '../src/db/connection.ts'
import { migrateUp } from '../src/db/migrator.ts'

/** A migrated database of its own, under roles of its own. */
export interface AuthDatabase extends AsyncDisposable {
  readonly systemRole: string
  readonly onServer: boolean
  /** Connections under the serving role, as the service has them. */
  pool(max?: number): Pool
  /** Runs a statement as the owner, outside every policy. Closes its connection: the embedded database has only one. */
  asOwner<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>
}

/** `embedded` asks for the one in this process even where a server is reachable. */
const SERVER = process.env['TEST_DATABASE_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres'

export async function openAuthDatabase(): Promise<AuthDatabase> {
  const name = `ha_test_${randomBytes(4).toString('hex')}`
  const roles = { serving: `${name}_app`, system: `${name}_app_system` }
  await using opened = new AsyncDisposableStack()
  const server = await reachable()
  const config = server ? await createDatabase(name, opened) : await openInProcess(opened)

  const asOwner = async <Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> =>
    withClient(config, async (client) => (await client.query<Row>(text, [...values])).rows)
  await withClient(config, async (client) => {
    const variables = { app_role: roles.serving, system_role: roles.system, serving_login: config.user ?? 'postgres' }
    await migrateUp(client, variables)
  })
  const closing = opened.move()
  return {
    systemRole: roles.system,
    onServer: server,
    asOwner,
    pool: (max = 1) => {
      const pool = new Pool({
        ...clientDefaults,
        ...config,
        max: server ? max : 1,
        connectionTimeoutMillis: 5_000,
        idleTimeoutMillis: server ? 10_000 : 1,
        // The declaration says void, the implementation waits for a promise.
        // oxlint-disable-next-line typescript/no-misused-promises
        onConnect: (client) => enterServingRole(client, roles.serving),
      })
      pool.on('error', () => undefined)
      closing.defer(() => pool.end())
      return pool
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

async function reachable(): Promise<boolean> {
  if (SERVER === 'embedded') return false
  try {
    await withClient({ connectionString: SERVER, connectionTimeoutMillis: 2_000 }, async () => undefined)
    return true
  } catch (error) {
    if (process.env['TEST_DATABASE_URL'] !== undefined) throw error
    return false
  }
}

async function createDatabase(name: string, opened: AsyncDisposableStack): Promise<ClientConfig> {
  const admin = (text: string) => withClient({ connectionString: SERVER }, (client) => client.query(text))
  await admin(`create database ${name}`)
  opened.defer(async () => {
    await admin(`drop database ${name} with (force)`)
    await admin(`drop role if exists ${name}_app, ${name}_app_system`)
  })
  const url = new URL(SERVER)
  url.pathname = `/${name}`
  return { connectionString: url.href, user: url.username }
}

/** PGlite in this process, one connection at a time. */
async function openInProcess(opened: AsyncDisposableStack): Promise<ClientConfig> {
  const database = await PGlite.create()
  opened.defer(() => database.close())
  const TERMINATE = 0x58
  const stream = (): Duplex => {
    const duplex: Duplex = Duplex.from(async function* (messages: AsyncIterable<Buffer>) {
      // There is one session; what the connection before this one left of it must not show.
      await database.exec('rollback')
      await database.exec('discard all')
      for await (const message of messages) {
        if (message[0] !== TERMINATE) yield Buffer.from(await database.execProtocolRaw(new Uint8Array(message)))
      }
    })
    const socket = { setNoDelay: () => duplex, setKeepAlive: () => duplex, ref: () => duplex, unref: () => duplex }
    return Object.assign(duplex, socket, { connect: () => (process.nextTick(() => duplex.emit('connect')), duplex) })
  }
  return { user: 'postgres', database: 'postgres', stream, ssl: false }
}

async function withClient<T>(config: ClientConfig, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(config)
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
