import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, suite, test } from 'node:test'
import { DatabaseError } from 'pg'
import { needsServer, SERVER_URL, serverVersion, urlOf, withClient } from '../../../test/databases.ts'
import { openWorld } from '../../../test/world.ts'

/*
 * A database's locale decides what lower() and the classes of regular expressions do. The search must not follow it: the same
 * tasks are found by the same words in every database.
 */

interface Locale {
  /** The options of `create database`. */
  readonly options: string
  /** The first version of PostgreSQL with this option, if not all supported ones have it. */
  readonly since?: number
}

const LOCALES: Readonly<Record<string, Locale>> = {
  C: { options: `locale 'C'` },
  'C.UTF-8': { options: `locale 'C.UTF-8'` },
  'en_US.UTF-8': { options: `locale 'en_US.UTF-8'` },
  'tr_TR.UTF-8': { options: `locale 'tr_TR.UTF-8'` },
  "ICU's root": { options: `locale_provider icu icu_locale 'und' locale 'C'` },
  "ICU's Turkish": { options: `locale_provider icu icu_locale 'tr-TR' locale 'C'` },
  "ICU's Lithuanian": { options: `locale_provider icu icu_locale 'lt-LT' locale 'C'` },
  'the builtin C.UTF-8': { options: `locale_provider builtin builtin_locale 'C.UTF-8' locale 'C'`, since: 17 },
  'the builtin PG_UNICODE_FAST': {
    options: `locale_provider builtin builtin_locale 'PG_UNICODE_FAST' locale 'C'`,
    since: 18,
  },
}

/** Error codes of `create database` if the server's build or its machine lacks the locale. */
const LACKING: ReadonlySet<string | undefined> = new Set([
  '42809', // wrong_object_type: a locale that the machine does not have
  '0A000', // feature_not_supported: built without ICU
])

const TITLES = ['Łódź', 'Молоко', 'ΟΔΟΣ', 'DIŞ İŞLERİ', 'ÌSÒLA JĮ', 'Ⰰⰴⰰⰿ ႠႡ', 'Straẞe ÆRØ'] as const
const FOUND_BY: Readonly<Record<string, (typeof TITLES)[number]>> = {
  lodz: 'Łódź',
  ŁÓDŹ: 'Łódź',
  молоко: 'Молоко',
  МОЛ: 'Молоко',
  οδος: 'ΟΔΟΣ',
  dis: 'DIŞ İŞLERİ',
  işleri: 'DIŞ İŞLERİ',
  isola: 'ÌSÒLA JĮ',
  ji: 'ÌSÒLA JĮ',
  ⰰⰴⰰⰿ: 'Ⰰⰴⰰⰿ ႠႡ',
  ⴀⴁ: 'Ⰰⰴⰰⰿ ႠႡ',
  strasse: 'Straẞe ÆRØ',
  aero: 'Straẞe ÆRØ',
}

suite('the search in a database whose locale is', { skip: needsServer }, () => {
  const PREFIX = `todo_locale_${randomBytes(4).toString('hex')}`
  const databases: string[] = []
  const admin = (text: string): Promise<unknown> => withClient(String(SERVER_URL), (client) => client.query(text))
  after(async () => {
    for (const name of databases) await admin(`drop database if exists ${name} with (force)`)
    await admin(`drop role if exists ${PREFIX}, ${PREFIX}_system, ${PREFIX}_owner`)
  })

  async function createDatabase(locale: string, owner = 'default'): Promise<string> {
    const name = `${PREFIX}_${databases.length}`
    await admin(`create database ${name} owner ${owner} template template0 encoding 'UTF8' ${locale}`)
    databases.push(name)
    return urlOf(String(SERVER_URL), name)
  }

  for (const [locale, { options, since = 0 }] of Object.entries(LOCALES)) {
    test(`${locale} finds words in every alphabet, ignoring case and accents`, async (t) => {
      if ((await serverVersion()) < since) return t.skip(`needs PostgreSQL ${since}`)
      const url = await createDatabase(options).catch((error: unknown) => {
        if (locale !== 'C' && error instanceof DatabaseError && LACKING.has(error.code)) return error
        throw error
      })
      if (typeof url !== 'string') return t.skip(`not on this server: ${url.message}`)
      await using world = await openWorld({ env: { DATABASE_URL: url } })
      const { token } = await world.signUp()
      for (const title of TITLES) await world.ask('POST', '/api/tasks', { token, body: { title } })
      for (const [q, title] of Object.entries(FOUND_BY)) {
        const { json } = await world.ask('GET', `/api/tasks?q=${encodeURIComponent(q)}`, { token })
        assert.deepEqual(
          json.map((task: { title: string }) => task.title),
          [title],
          q,
        )
      }
    })
  }
})
