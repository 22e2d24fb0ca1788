import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { ClientBase, QueryResult } from 'pg'
import { openServedDatabase } from '../../../test/databases.ts'
import { StartError } from '../../errors.ts'
import { OWN_AUTH_TABLES } from './auth-tables.ts'
import { refuseUnsafeDatabase } from './guard.ts'
import { migrateUp } from './migrator.ts'
import { refuseOldServer, SERVER_VERSION_MIN } from './server-version.ts'

suite('a server', () => {
  /** The answers of a server of this version to the question for it. It fails any other statement. */
  const serverOf = (version: number): { client: ClientBase; asked: string[] } => {
    const asked: string[] = []
    const query = async (text: string): Promise<Pick<QueryResult, 'rows'>> => {
      asked.push(text)
      if (!text.includes('server_version_num')) throw new Error(`asked an old server: ${text}`)
      return { rows: [{ major: version, version: `${version}.4` }] }
    }
    return { client: { query } as unknown as ClientBase, asked } // as much of a connection as it takes
  }

  test('older than the supported range is refused by migrations and at start, before any other statement', async () => {
    const variables = {
      ...OWN_AUTH_TABLES,
      app_role: 'todo_app',
      system_role: 'todo_app_system',
      serving_login: 'postgres',
    }
    const refused = {
      name: StartError.name,
      message:
        'the database is PostgreSQL 14.4, and this service needs 15 or newer: upgrade the server. Nothing was changed',
    }
    for (const use of [
      (client: ClientBase) => migrateUp(client, variables, { onSecondConnection: undefined }),
      (client: ClientBase) => refuseUnsafeDatabase(client, 'todo_app_system'),
    ]) {
      const { client, asked } = serverOf(SERVER_VERSION_MIN - 1)
      await assert.rejects(use(client), refused)
      assert.equal(asked.length, 1)
    }
  })

  test('of the oldest supported version, of a later one, and of these tests is accepted', async () => {
    for (const version of [SERVER_VERSION_MIN, 18, 19]) await refuseOldServer(serverOf(version).client)
    await using served = await openServedDatabase()
    await served.asOwner(refuseOldServer)
  })
})
