import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import * as fc from 'fast-check'
import type { ClientBase } from 'pg'
import { openServedDatabase, type ServedDatabase } from '../../../test/databases.ts'
import { create } from '../creation.ts'
import { searchWords, typosOf, withTypos, wordsOf } from './search.ts'
import * as changing from '../changing.ts'
import * as store from '../store.ts'

let served: ServedDatabase
before(async () => {
  served = await openServedDatabase()
})
after(() => served[Symbol.asyncDispose]())

const foldedByDatabase = (texts: readonly string[]): Promise<string[]> =>
  served.asOwner((client) => foldedThrough(client, texts))

async function foldedThrough(client: ClientBase, texts: readonly string[]): Promise<string[]> {
  const { rows } = await client.query<{ words: string }>(
    'select public.todo_search_words(t) as words from unnest($1::text[]) with ordinality as u (t, n) order by n',
    [texts],
  )
  return rows.map((row) => row.words)
}

const folded = (text: string): string => {
  const words = wordsOf(text)
  return words.length === 0 ? '  ' : ` ${words.join(' ')} `
}

/**
 * normalize() decomposes by the version of Unicode that PostgreSQL was built with, which is 14 in PostgreSQL 15. These rare
 * characters have got a decomposition since then.
 */
const DECOMPOSED_SINCE_UNICODE_15 =
  /[\u{1e030}-\u{1e06d}\u{105c9}\u{105e4}\u{11383}-\u{113c8}\u{16121}-\u{16128}\u{16d68}-\u{16d6a}\u{1ccd6}-\u{1ccf9}\ua7f1]/u

function assignedCharacters(): string[] {
  const characters: string[] = []
  for (let code = 1; code <= 0x10ffff; code += 1) {
    const character = String.fromCodePoint(code)
    if (!/[\p{Cn}\p{Co}\p{Cs}]/u.test(character)) characters.push(character)
  }
  return characters
}

function groupsOf<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size))
}

suite('the searched words of a task', () => {
  test('are rebuilt when its text changes, and by no other change', async () => {
    await using database = await openServedDatabase()
    const { principal } = await database.addUser()
    const { task } = await database.db.asUser(principal, create({ title: 'Crème', tags: ['a'] }))
    const words = async (): Promise<unknown> =>
      database.asOwner(async (client) => (await client.query('select search_words from tasks')).rows[0]?.search_words)
    const first = await words()
    // From here on every call of the function leaves a trace.
    await database.asOwner((client) =>
      client.query(`create or replace function todo_search_words(content text) returns text
                    language sql immutable parallel safe as $$ select 'folded ' || coalesce(content, '') $$`),
    )
    const anyVersion = { versions: null, check: () => undefined }
    const patch = (fields: Parameters<typeof changing.update>[1]): Promise<unknown> =>
      database.db.asUser(principal, changing.update(task.id, fields, anyVersion))
    await database.db.asUser(principal, changing.complete(task.id, undefined, anyVersion))
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

  test('of every assigned character are the same here and in the database', async () => {
    // Between spaces, so that no mark combines with the character before it.
    const inOne = (characters: readonly string[]): string => characters.join(' ')
    const groups = groupsOf(assignedCharacters(), 200)
    const inDatabase = await foldedByDatabase(groups.map(inOne))
    const suspects = groups.filter((group, at) => inDatabase[at] !== folded(inOne(group))).flat()
    const oneByOne = await foldedByDatabase(suspects)
    const different = suspects.filter((character, at) => oneByOne[at] !== folded(character))
    const unexpected = different.filter((character) => !DECOMPOSED_SINCE_UNICODE_15.test(character))
    assert.deepEqual(
      unexpected.map((character) => `U+${character.codePointAt(0)?.toString(16)}`),
      [],
    )
  })

  test('of a backup are rebuilt when it is restored, without a search path', async () => {
    const texts = ['Ærø Øl Молоко Ⰰ', 'Crème']
    const restored = await served.asOwner(async (client) => {
      await client.query(`set search_path = ''`)
      return foldedThrough(client, texts)
    })
    assert.deepEqual(restored, texts.map(folded))
  })

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

suite('search terms', () => {
  test('contain each word once', () => {
    assert.deepEqual(searchWords('Milk MILK crème'), ['milk', 'creme'])
    assert.deepEqual(searchWords('Молоко молоко'), ['молоко'])
  })

  test('tolerate typos in the first three words only', () => {
    const tolerated = withTypos(searchWords('milk eggs flour sugar butter')).map(({ typos }) => typos !== undefined)
    assert.deepEqual(tolerated, [true, true, true, false, false])
  })
})

suite('typos', () => {
  test('are tolerated in words of 4 to 24 letters without a digit', () => {
    for (const word of ['abc', '2026', 'room7', 'x'.repeat(25)]) assert.equal(typosOf(word), undefined, word)
    for (const word of ['abcd', 'x'.repeat(24)]) assert.ok(typosOf(word), word)
  })

  test('that a pattern matches always contain one of its parts', () => {
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
