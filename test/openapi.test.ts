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
    await using world = await openWorld()
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

  test('has no example that its own schema refuses', () => {
    const compile = (buildValidator as unknown as (shared: object) => (route: object) => ReturnType<Ajv['compile']>)(
      Object.fromEntries(
        Object.entries<Json>(document.components.schemas).map(([id, schema]) => [
          id,
          JSON.parse(JSON.stringify({ ...schema, $id: id }).replaceAll('#/components/schemas/', '')),
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
