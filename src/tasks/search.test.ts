import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import * as fc from 'fast-check'
import { openServedDatabase, type ServedDatabase } from '../../test/databases.ts'
import { create } from './creation.ts'
import { soughtWords, typosOf, withTypos, wordsOf } from './search.ts'
import * as store from './store.ts'

let served: ServedDatabase
before(async () => {
  served = await openServedDatabase()
})
after(() => served[Symbol.asyncDispose]())

const foldedByDatabase = (texts: readonly string[], collation = 'default'): Promise<string[]> =>
  served.asOwner(async (client) => {
    const { rows } = await client.query<{ words: string }>(
      `select todo_search_words(t collate "${collation}") as words from unnest($1::text[]) with ordinality as u (t, n) order by n`,
      [texts],
    )
    return rows.map((row) => row.words)
  })

const folded = (text: string): string => {
  const words = wordsOf(text)
  return words.length === 0 ? '  ' : ` ${words.join(' ')} `
}

suite('the searched words of a task', () => {
  test('are folded when its text changes, and with no other change', async () => {
    await using database = await openServedDatabase()
    const { principal } = await database.addUser()
    const { task } = await database.db.asUser(principal, create({ title: 'Crème', tags: ['a'] }))
    const words = async (): Promise<unknown> =>
      database.asOwner(async (client) => (await client.query('select search_words from tasks')).rows[0]?.search_words)
    const first = await words()
    // From here on whatever is folded shows.
    await database.asOwner((client) =>
      client.query(`create or replace function todo_search_words(content text) returns text
                    language sql immutable parallel safe as $$ select 'folded ' || coalesce(content, '') $$`),
    )
    const anyVersion = { versions: null, check: () => undefined }
    const patch = (fields: Parameters<typeof store.update>[1]): Promise<unknown> =>
      database.db.asUser(principal, store.update(task.id, fields, anyVersion))
    await database.db.asUser(principal, store.complete(task.id, undefined, anyVersion))
    await patch({ status: 'IN_PROGRESS', priority: 'LOW', dueDate: '2025-12-27T17:00:00Z' })
    await patch({ title: 'Crème', description: null, tags: ['a'], priority: 'HIGH' })
    assert.equal(await words(), first)
    const { version } = await database.db.asUser(principal, store.find(task.id))
    assert.equal(version, 4)
    for (const fields of [{ title: 'x' }, { tags: ['b'] }, { description: 'y' }]) {
      const before = await words()
      await patch(fields)
      assert.notEqual(await words(), before, JSON.stringify(fields))
    }
  })
})

suite('words', () => {
  const cases: readonly [text: string, words: readonly string[]][] = [
    ['Crème BRÛLÉE!', ['creme', 'brulee']],
    ['e\u0301clair', ['eclair']],
    ['Straße, Łódź, København, Œuvre', ['strasse', 'lodz', 'kobenhavn', 'oeuvre']],
    ['ЁЖИК Ωμέγας ΟΔΟΣ', ['ежик', 'ωμεγασ', 'οδοσ']],
    ['HALF-life_2 (x86), I/O;\tTAB ~ ', ['half', 'life', '2', 'x86', 'i', 'o', 'tab']],
    ['ﬁle ① Ⅳ half-life', ['file', '1', 'iv', 'half', 'life']],
    ['don’t {curly} "a,b" x_y 100% a\\b', ['don', 't', 'curly', 'a', 'b', 'x', 'y', '100', 'a', 'b']],
    ['日本語のタスク 한국어', ['日本語のタスク', '한국어'.normalize('NFKD')]],
    ['İstanbul ISI', ['istanbul', 'isi']],
    ['soft\u00adhyphen zero\u200bwidth', ['softhyphen', 'zerowidth']],
    ['… — !', []],
    ['', []],
  ]
  for (const [text, words] of cases) {
    test(`of ${JSON.stringify(text)} are ${JSON.stringify(words)}, here and in the database`, async () => {
      assert.deepEqual(wordsOf(text), words)
      assert.deepEqual(await foldedByDatabase([text]), [folded(text)])
    })
  }

  test('of any text in Latin, Greek, Cyrillic, Hebrew, Arabic or Asian scripts are the same here and in the database', async () => {
    const letter = fc.oneof(
      fc.integer({ min: 0x20, max: 0x17f }),
      fc.integer({ min: 0x300, max: 0x4ff }),
      fc.integer({ min: 0x5d0, max: 0x64a }),
      fc.integer({ min: 0x1e00, max: 0x1fff }),
      fc.integer({ min: 0x2000, max: 0x23ff }),
      fc.integer({ min: 0x3000, max: 0x30ff }),
      fc.integer({ min: 0xac00, max: 0xd7a3 }),
      fc.integer({ min: 0xfb00, max: 0xfb06 }),
    )
    const text = fc.array(letter, { maxLength: 30 }).map((codes) => String.fromCodePoint(...codes))
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 50, maxLength: 50 }), async (texts) => {
        assert.deepEqual(await foldedByDatabase(texts), texts.map(folded))
      }),
      { numRuns: 20 },
    )
  })
})

suite('what is sought', () => {
  test('as it was written is found also where lower() knows ASCII only, as with lc_ctype C', async () => {
    const texts = ['Молоко', 'ΟΔΟΣ', 'Ærø ÆON', 'ЁЖИК Milk', 'Straẞe', 'KÄSE', 'İstanbul']
    for (const collation of ['C', 'default']) {
      const stored = await foldedByDatabase(texts, collation)
      for (const [at, text] of texts.entries()) {
        for (const { spellings } of withTypos(soughtWords(text))) {
          const found = spellings.filter((spelling) => stored[at]?.includes(` ${spelling} `))
          assert.ok(found.length > 0, `${collation}: ${spellings.join(' or ')} in ${stored[at]}`)
        }
      }
    }
  })

  test('is each word once, and has one spelling where case makes no difference beyond ASCII', () => {
    assert.deepEqual(soughtWords('Milk MILK crème'), [['milk'], ['creme']])
    assert.deepEqual(soughtWords('Молоко молоко'), [['молоко', 'Молоко'], ['молоко']])
  })

  test('has typos forgiven in its first three words', () => {
    const forgiven = withTypos(soughtWords('milk eggs flour sugar butter')).map(({ typos }) => typos !== undefined)
    assert.deepEqual(forgiven, [true, true, true, false, false])
  })
})

suite('typos', () => {
  test('are forgiven in words of 4 to 24 letters without a digit', () => {
    for (const word of ['abc', '2026', 'room7', 'x'.repeat(25)]) assert.equal(typosOf(word), undefined, word)
    for (const word of ['abcd', 'x'.repeat(24)]) assert.ok(typosOf(word), word)
  })

  test('that a pattern matches are also found by a part, whatever the word and the edit', () => {
    const word = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 4, maxLength: 9 }).map((all) => all.join(''))
    fc.assert(
      fc.property(word, fc.constantFrom('a', 'z', ' '), (sought, wildcard) => {
        const { patterns = [], parts = [] } = typosOf(sought) ?? {}
        for (const pattern of patterns) {
          const matched = pattern.replaceAll('%', '').replace('_', wildcard)
          assert.ok(
            parts.some((part) => matched.includes(part)),
            `${sought}: ${pattern}`,
          )
        }
      }),
    )
  })
})
