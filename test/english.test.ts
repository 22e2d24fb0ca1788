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
  ['(?<!account=)nobody|no one(?!-)', 'name the subject: "no request", "no user", "anonymous callers"'],
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
  ['(?<!in[ -])flights?', '"round trip"'],
]

/**
 * Files that still contain such words. Only remove lines: a file that is clean must not be listed, and new files must be clean.
 */
const NOT_YET: readonly string[] = [
  'client/client.test.ts',
  'client/generate.ts',
  'client/index.ts',
  'client/retry.test.ts',
  'client/retry.ts',
  'src/app.ts',
  'src/auth/better-auth.test.ts',
  'src/auth/better-auth.ts',
  'src/auth/hashed-sessions.test.ts',
  'src/auth/routes.test.ts',
  'src/auth/routes.ts',
  'src/cli.ts',
  'src/config/config.test.ts',
  'src/config/config.ts',
  'src/config/database-config.ts',
  'src/config/development-secrets.ts',
  'src/config/dot-env.test.ts',
  'src/config/dot-env.ts',
  'src/db/database.ts',
  'src/db/embedded/directory-lock.test.ts',
  'src/db/embedded/embedded-worker.ts',
  'src/db/embedded/embedded.test.ts',
  'src/db/embedded/embedded.ts',
  'src/db/embedded/lent-embedded.ts',
  'src/db/idempotency.test.ts',
  'src/db/idempotency.ts',
  'src/db/schema/guard.test.ts',
  'src/db/schema/migrator.test.ts',
  'src/db/schema/migrator.ts',
  'src/db/schema/roles.test.ts',
  'src/db/scopes.test.ts',
  'src/db/scopes.ts',
  'src/db/source.ts',
  'src/db/sql.ts',
  'src/db/step.test.ts',
  'src/db/step.ts',
  'src/db/system-dialect.test.ts',
  'src/db/system-dialect.ts',
  'src/db/wire/connection.test.ts',
  'src/db/wire/connection.ts',
  'src/db/wire/failures.test.ts',
  'src/db/wire/failures.ts',
  'src/db/wire/lease.test.ts',
  'src/db/wire/lease.ts',
  'src/db/wire/pipelines.test.ts',
  'src/db/wire/pipelines.ts',
  'src/db/wire/prepared-query.test.ts',
  'src/db/wire/prepared-query.ts',
  'src/db/wire/transaction.ts',
  'src/deps.ts',
  'src/dev/child.ts',
  'src/dev/listener.ts',
  'src/dev/reloader.ts',
  'src/docs/problem-pages.test.ts',
  'src/docs/routes.test.ts',
  'src/errors.ts',
  'src/http/admission.ts',
  'src/http/connections.ts',
  'src/http/cors.ts',
  'src/http/credential-first.test.ts',
  'src/http/credential-first.ts',
  'src/http/credential.ts',
  'src/http/cursor.test.ts',
  'src/http/cursor.ts',
  'src/http/drain.test.ts',
  'src/http/fairness.test.ts',
  'src/http/headers.test.ts',
  'src/http/identify.ts',
  'src/http/malformed.test.ts',
  'src/http/overload.test.ts',
  'src/http/overload.ts',
  'src/http/problem.ts',
  'src/http/rate-limit.test.ts',
  'src/http/rate-limit.ts',
  'src/http/refusals.test.ts',
  'src/http/server.ts',
  'src/http/streams.test.ts',
  'src/http/trace.ts',
  'src/http/validation.test.ts',
  'src/http/validation.ts',
  'src/jobs/jobs.test.ts',
  'src/lib/database-url.ts',
  'src/lib/env-reader.ts',
  'src/lib/fernet.test.ts',
  'src/lib/secret.ts',
  'src/lib/silence.test.ts',
  'src/lib/silence.ts',
  'src/limits/limits.test.ts',
  'src/limits/limits.ts',
  'src/limits/windows.test.ts',
  'src/limits/windows.ts',
  'src/log.ts',
  'src/metrics/counting.test.ts',
  'src/metrics/durations.ts',
  'src/metrics/gauges.ts',
  'src/metrics/metrics.ts',
  'src/metrics/workers.test.ts',
  'src/metrics/workers.ts',
  'src/observer.ts',
  'src/operator/channel.ts',
  'src/operator/commands.ts',
  'src/operator/database-checks.ts',
  'src/operator/doctor.ts',
  'src/operator/output.ts',
  'src/operator/sample-data.ts',
  'src/operator/seed.ts',
  'src/operator/token.ts',
  'src/server.ts',
  'src/supervisor.ts',
  'src/tasks/batch/batch.ts',
  'src/tasks/creation.test.ts',
  'src/tasks/creation.ts',
  'src/tasks/json-format.test.ts',
  'src/tasks/list/query-sql.ts',
  'src/tasks/list/query.test.ts',
  'src/tasks/store.ts',
  'src/tasks/tasks.test.ts',
  'src/tracing/sampler.ts',
  'src/tracing/spans.ts',
  'src/tracing/traced.ts',
  'src/vault/command.test.ts',
  'src/vault/keys.ts',
  'src/vault/live-check.test.ts',
  'src/vault/rotation.test.ts',
  'src/vault/rotation.ts',
  'src/vault/store.ts',
  'src/vault/vault.test.ts',
  'test/attacks/credentials.ts',
  'test/canary.ts',
  'test/credentials.test.ts',
  'test/database-settings.test.ts',
  'test/databases.ts',
  'test/deploy.test.ts',
  'test/dev.test.ts',
  'test/fake-provider.ts',
  'test/faults/addresses.test.ts',
  'test/faults/fault-proxy.ts',
  'test/faults/limits.test.ts',
  'test/faults/outages.test.ts',
  'test/faults/pgbouncer.test.ts',
  'test/faults/postgres.ts',
  'test/faults/redis-server.ts',
  'test/faults/redis.test.ts',
  'test/faults/rolling-restart.test.ts',
  'test/flaky-proxy.ts',
  'test/isolation.test.ts',
  'test/migrate.test.ts',
  'test/migrating.test.ts',
  'test/once.test.ts',
  'test/operator.test.ts',
  'test/package.test.ts',
  'test/postgres-package.ts',
  'test/process.test.ts',
  'test/round-trips.test.ts',
  'test/screenshots.ts',
  'test/short-connections.ts',
  'test/tracing.test.ts',
  'test/wire.ts',
  'test/workers.test.ts',
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
  const faults = new Map(files.map((file) => [file, faultsOf(file)]))

  test('has none of the words that plain technical English avoids', () => {
    const found = [...faults].filter(([file]) => !NOT_YET.includes(file)).flatMap(([, each]) => each)
    assert.deepEqual(found, [])
  })

  test('has no exception for a file that needs none', () => {
    const needless = NOT_YET.filter((file) => (faults.get(file) ?? []).length === 0)
    assert.deepEqual(needless, [], 'remove these from NOT_YET in test/english.test.ts')
  })
})
