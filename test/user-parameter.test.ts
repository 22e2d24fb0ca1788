import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ts } from '@ts-morph/common'
import { readMigrations } from '../src/db/schema/migration-files.ts'
import { pageStatement } from '../src/tasks/list/query-sql.ts'
import { readQuery, type TaskQuery } from '../src/tasks/list/query.ts'

/**
 * Every statement on users' rows compares their user itself, as `user_id = $user` (src/db/user-parameter.ts), in addition to the
 * policies. An INSERT names no user: the serving role has no right to, and the default of the column is the user of the scope.
 */

const SRC = fileURLToPath(new URL('../src/', import.meta.url))

/** Tables that have a column `user_id`. */
const TABLES = readMigrations()
  .flatMap(({ up }) => [...up.matchAll(/^create table (\w+) \(([^]*?)^\)/gm)])
  .filter(([, , columns = '']) => /^ {2}user_id /m.test(columns))
  .map(([, name = '']) => name)

const READ = new RegExp(`\\b(?:from|join|update|using) (?:public\\.)?(?:${TABLES.join('|')})\\b`, 'g')
const COMPARED = /\buser_id = \$user\b/g

const count = (text: string, pattern: RegExp): number => [...text.matchAll(pattern)].length
const forgets = (text: string): boolean => count(text, READ) > count(text, COMPARED)

const ACROSS_USERS = 'is for rows of all users: the system role executes it, or the owner'
const NO_ROW = 'reads no row: it asks for the right to write'
const ASSEMBLED = 'is assembled from pieces, and tested below as a whole'

/** The files with statements that do not compare the user, with the reasons. */
const EXPLAINED: Readonly<Record<string, string>> = {
  'auth/mail-uses.ts': ACROSS_USERS,
  'calendar/feature.ts': NO_ROW,
  'changes/jobs.ts': ACROSS_USERS,
  'db/idempotency-purge.ts': ACROSS_USERS,
  'notifications/feature.ts': NO_ROW,
  'notifications/jobs.ts': ACROSS_USERS,
  'notifications/planner.ts': ACROSS_USERS,
  'oauth/feature.ts': NO_ROW,
  'oauth/jobs.ts': ACROSS_USERS,
  'oauth/token-store.ts': ACROSS_USERS,
  'profile/feature.ts': NO_ROW,
  'tasks/feature.ts': NO_ROW,
  'tasks/list/query-sql.ts': ASSEMBLED,
  'tokens/feature.ts': NO_ROW,
  'vault/feature.ts': NO_ROW,
  'webhooks/dispatcher.ts': ACROSS_USERS,
  'webhooks/feature.ts': NO_ROW,
}

/** The string literals of a source, including nested ones. */
function textsOf(source: string): string[] {
  const texts: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) texts.push(node.getText())
    node.forEachChild(visit)
  }
  visit(ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest, true))
  return texts
}

suite("statements on users' rows", () => {
  test('are found by their tables', () => {
    for (const name of ['tasks', 'idempotency_keys', 'user_api_keys', 'user_api_key_reads']) {
      assert.ok(TABLES.includes(name), name)
    }
    assert.ok(forgets('select 1 from tasks where id = $1'))
    assert.ok(forgets('delete from tasks where user_id = $user and id in (select id from tasks)'))
    assert.ok(!forgets('update tasks set title = $1 where user_id = $user'))
  })

  test('compare their user, or are in a file with a listed reason', () => {
    const forgetful = globSync('**/*.ts', { cwd: SRC, exclude: ['**/*.test.ts', '**/*.testing.ts'] }).filter((file) =>
      textsOf(readFileSync(SRC + file, 'utf8')).some(forgets),
    )
    assert.deepEqual(forgetful.sort(), Object.keys(EXPLAINED))
  })

  test('that are pages of tasks compare their user in each part, for every query', () => {
    const queries: readonly TaskQuery[] = [
      {},
      { count: true },
      { status: ['TODO'], completed: true },
      { q: 'milk', sort: ['relevance'], count: true },
      { fields: ['title'], due: 'overdue', tag: ['home'], count: true },
      { sort: ['dueDate'], count: true },
      { sort: ['-dueDate'], dueBefore: '2026-12-24', dueAfter: '2026-01-01T00:00:00Z' },
    ]
    for (const query of queries) {
      for (const after of [undefined, ['2026-01-01T00:00:00Z', '2026-01-01', '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11']]) {
        const condition = { request: '', known: null }
        const { text } = pageStatement(
          readQuery(query, undefined),
          { zone: null, now: '2026-01-01T00:00:00Z' },
          after,
          condition,
        ).statement
        const parts = count(text, READ)
        assert.ok(parts > 0)
        assert.equal(count(text, COMPARED), parts, text)
      }
    }
  })
})
