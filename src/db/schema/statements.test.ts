import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { readMigrations } from './migration-files.ts'
import { splitStatements } from './statements.ts'

const texts = (sql: string): string[] => splitStatements(sql).map((each) => each.text)

suite('splitting an SQL file', () => {
  const cases: readonly [what: string, sql: string, statements: readonly string[]][] = [
    ['at semicolons', 'select 1; select 2;', ['select 1', 'select 2']],
    ['with a last statement that has none', 'select 1; select 2', ['select 1', 'select 2']],
    ['not in strings', `select ';', 'it''s;'; select 2`, [`select ';', 'it''s;'`, 'select 2']],
    ['not in strings with backslashes', `select E'\\';'; select 2`, [`select E'\\';'`, 'select 2']],
    ['not by a backslash in a plain string', `select '\\'; select 2`, [`select '\\'`, 'select 2']],
    ['not in identifiers', `select ";""" ; select 2`, [`select ";"""`, 'select 2']],
    [
      'not in dollar quotes',
      'do $$ begin; end $$; select $a$ ;$$; $a$',
      ['do $$ begin; end $$', 'select $a$ ;$$; $a$'],
    ],
    ['not by a parameter', 'select $1; select $2', ['select $1', 'select $2']],
    [
      'not in comments',
      'select 1 -- ; no\n; select /* ; /* ; */ ; */ 2',
      ['select 1 -- ; no', 'select /* ; /* ; */ ; */ 2'],
    ],
    ['without what is only a comment', '-- nothing\n; /* none */ ;', []],
    ['without leading comments', '-- why\nselect 1;', ['select 1']],
    ['of nothing', '', []],
  ]
  for (const [what, sql, statements] of cases) test(what, () => assert.deepEqual(texts(sql), statements))

  test('says on which line each begins', () => {
    const lines = splitStatements('-- a\n\nselect 1;\n\n/* b\n */ select\n2;').map((each) => each.line)
    assert.deepEqual(lines, [3, 6])
  })

  test('loses nothing of our own migrations', () => {
    for (const { up, down } of readMigrations()) {
      for (const sql of [up, down]) {
        const bare = (text: string): string => text.replace(/--[^\n]*/g, '').replace(/[\s;]/g, '')
        assert.equal(bare(texts(sql).join(';')), bare(sql))
      }
    }
  })
})
