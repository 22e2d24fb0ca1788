import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import type { Ajv } from 'ajv'
import { describe } from '../src/describe.ts'
import { PROBLEMS } from '../src/errors.ts'
import { buildValidator } from '../src/http/validation.ts'
import { openWorld } from './world.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- a document that has another shape fails the tests
type Json = any

const text = await describe()
const document: Json = JSON.parse(text)
const operations = Object.entries<Record<string, Json>>(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
)

suite('the OpenAPI document', () => {
  test('committed as openapi.json is the one the code describes; `npm run openapi -- openapi.json` writes it', () => {
    assert.equal(readFileSync(new URL('../openapi.json', import.meta.url), 'utf8'), text)
  })

  test('is what the service serves', async () => {
    await using world = await openWorld({ env: { PUBLIC_URL: 'http://localhost:8000' } })
    const { json, headers } = await world.ask('GET', '/openapi.json')
    assert.deepEqual(json, document)
    const again = await world.ask('GET', '/openapi.json', { headers: { 'if-none-match': headers.get('etag') ?? '' } })
    assert.deepEqual([again.status, again.text], [304, ''])
  })

  test('is valid OpenAPI 3.1', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(document))
    assert.deepEqual([document.openapi, valid, errors], ['3.1.0', true, undefined])
  })

  test('names every operation once, with a summary, a tag and its security', () => {
    const ids = operations.map(({ operation }) => operation['operationId'])
    assert.equal(new Set(ids).size, ids.length)
    for (const { name, operation } of operations) {
      assert.ok(
        operation['operationId'] && operation['summary'] && operation['tags']?.length === 1 && operation['security'],
        name,
      )
    }
  })

  test('describes what each operation answers and refuses, with an example of every refusal', () => {
    for (const { name, operation } of operations) {
      const statuses = Object.keys(operation['responses'])
      assert.ok(
        statuses.some((status) => status.startsWith('2')),
        name,
      )
      assert.ok(statuses.includes('500') && statuses.includes('503'), name)
      for (const response of Object.values<Json>(operation['responses'])) {
        const resolved = response.$ref ? document.components.responses[response.$ref.split('/').at(-1)] : response
        assert.notEqual(resolved.description, 'Default Response', name)
      }
    }
    for (const response of Object.values<Json>(document.components.responses)) {
      for (const [code, example] of Object.entries<Json>(response.content['application/problem+json'].examples)) {
        assert.equal(example.value.status, PROBLEMS[code as keyof typeof PROBLEMS][0])
      }
    }
  })

  test('says of every text, number and list how large it can be', () => {
    const unbounded: string[] = []
    const look = (node: Json, path: string): void => {
      if (typeof node !== 'object' || node === null) return
      const types = new Set([node.type].flat())
      const bounds = [
        types.has('string') && !('enum' in node || 'const' in node) && 'maxLength',
        types.has('integer') && 'minimum',
        types.has('integer') && 'maximum',
        types.has('array') && 'maxItems',
      ]
      for (const bound of bounds) if (bound !== false && node[bound] === undefined) unbounded.push(`${path} ${bound}`)
      for (const [key, value] of Object.entries(node)) {
        if (!/^(examples?|default|enum)$/.test(key)) look(value, `${path}/${key}`)
      }
    }
    look(document, '')
    // Prometheus text, as long as there are routes. Any other is named in src/http/bounds.ts.
    assert.deepEqual(unbounded, ['/paths//metrics/get/responses/200/content/text/plain/schema maxLength'])
  })

  test('gives what comes back the bounds of what was sent', () => {
    const { Task, TaskCreate, TaskBatch, BulkDelete, BulkDeleted, UserApiKeyPut, PlaintextKey } =
      document.components.schemas
    for (const name of ['title', 'description', 'dueDate']) {
      assert.equal(Task.properties[name].maxLength, TaskCreate.properties[name].maxLength, name)
    }
    assert.equal(Task.properties.tags.maxItems, TaskCreate.properties.tags.maxItems)
    assert.equal(Task.properties.tags.items.maxLength, TaskCreate.properties.tags.items.maxLength)
    assert.equal(PlaintextKey.properties.apiKey.maxLength, UserApiKeyPut.properties.apiKey.maxLength)
    for (const name of ['deleted', 'notFound']) {
      assert.equal(BulkDeleted.properties[name].maxItems, BulkDelete.properties.ids.maxItems, name)
    }
    const answer = (path: string, method: string): Json =>
      document.paths[path][method].responses[200].content['application/json'].schema
    assert.equal(
      answer('/api/tasks/batch', 'post').properties.results.maxItems,
      TaskBatch.properties.operations.maxItems,
    )
    for (const path of ['/api/tasks', '/api/tags', '/api/user-api-keys/{provider}/audit']) {
      const limit = document.paths[path].get.parameters.find(({ name }: Json) => name === 'limit')
      assert.equal(answer(path, 'get').maxItems, limit.schema.maximum, path)
    }
  })

  test('has no example that its own schema refuses', () => {
    /** For generators of clients; the validator has minimum and maximum. */
    const ours = (key: string, value: unknown): unknown => (key === 'format' && value === 'int32' ? undefined : value)
    const compile = (buildValidator as unknown as (shared: object) => (route: object) => ReturnType<Ajv['compile']>)(
      Object.fromEntries(
        Object.entries<Json>(document.components.schemas).map(([id, schema]) => [
          id,
          JSON.parse(JSON.stringify({ ...schema, $id: id }, ours).replaceAll('#/components/schemas/', '')),
        ]),
      ),
    )
    let examples = 0
    for (const id of Object.keys(document.components.schemas)) {
      const schema = document.components.schemas[id]
      for (const example of [...(schema.examples ?? []), ...('example' in schema ? [schema.example] : [])]) {
        examples++
        const validate = compile({ schema: { $ref: `${id}#` }, httpPart: 'body' })
        assert.ok(validate(structuredClone(example)), `${id}: ${JSON.stringify(validate.errors)}`)
      }
    }
    assert.ok(examples >= 3, `only ${examples} examples were found`)
  })
})
