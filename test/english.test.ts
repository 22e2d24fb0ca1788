import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'

/**
 * Documents, comments, names and messages are plain technical English: the subject first, one idea per sentence, and the technical
 * term instead of a paraphrase. A test cannot judge a sentence, but most unclear ones contain one of these words.
 */
const AVOIDED: readonly (readonly [pattern: string, instead: string])[] = [
  ["(?<!account=|userNamed\\(')nobody|no one(?!-)", 'name the subject: "no request", "no user", "anonymous callers"'],
  ['somebody|someone', 'name the subject: "another user", "an operator", "a client"'],
  ['anybody|anyone(?! (?:who|with))', 'name the subject: "any client", "any user"'],
  ['everybody|everyone', 'name the subject: "all users", "all clients"'],
  ['whoever|whomever', 'name the subject: "a client that …", "the process that …"'],
  ['told', '"logged", "reported", "printed", "configured"'],
  ['anew', '"again", or a verb: restart, reload, re-encrypt, regenerate'],
  ['befalls?|befell|befallen', '"happens to", "affects"'],
  ['farewells?', 'the message or event itself: "the error that ends the session"'],
  ['g[ia]ves? way|giving way', '"retries", "yields", "times out"'],
  ['in vain', '"without success", "fails"'],
  ['thereby|hereby|therein|herein|lest', 'two sentences, or "so that"'],
  ['br(?:eaks?|oken|oke|eaking) off', '"aborts", "is interrupted", "disconnects"'],
  ['mend(?:s|ed|ing)?', '"fix", "correct"'],
  ['oneself', 'name the subject'],
  ['h(?:old|olds|olding|eld) up', '"delay", "block"'],
  ['is of (?:no |any )?use|at will', '"is usable", "is not needed"'],
  ['besides', '"in addition to", "except"'],
  ['speaks? of|spoken of', '"names", "describes", "applies to"'],
  ['by then', 'name the time or the condition'],
  ['goes on(?! to)|went on', '"continues"'],
  ['(?:is|are|was|were|goes|be) away', '"is unavailable", "is not running"'],
  ['tak(?:es?|en|ing) along', '"deletes too", "includes"'],
  ['that (?:is|are) none', '"invalid", "malformed"'],
  ['again and again|once more|time and again', '"repeatedly", "again"'],
  ['forgiv(?:e|es|en|ing)', '"tolerate", "accept"'],
  ['heed(?:s|ed|ing)?|patience', '"obey", "ignore"; "timeout", "time budget"'],
  ['all the same', '"nevertheless", or leave it out'],
  ['(?<!in[ -])flights?', '"round trip"'],
]

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const TEXT =
  /(?:\.(?:md|ts|m?js|sql|sh|ya?ml|css|html|service|example|prisma|py)|^openapi\.json|^llms\.txt|^Dockerfile|^\.ci\/run)$/
const PATTERN = new RegExp(AVOIDED.map(([pattern]) => `(\\b(?:${pattern})\\b)`).join('|'), 'gi')

/** `line: "word": what to write instead`, for each avoided word of a file. */
function faultsOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8')
  return [...text.matchAll(PATTERN)].map((match) => {
    const line = text.slice(0, match.index).split('\n').length
    const instead = AVOIDED[match.slice(1).findIndex((group) => group !== undefined)]?.[1] ?? ''
    return `${file}:${line}: "${match[0]}". Write ${instead}`
  })
}

suite('the English of the project', () => {
  const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' }).split('\0')
  const files = tracked.filter((file) => TEXT.test(file) && file !== 'test/english.test.ts')

  test('has none of the words that plain technical English avoids', () => {
    assert.deepEqual(files.flatMap(faultsOf), [])
  })
})
