import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import type { Ajv } from 'ajv'
import { describe } from '../src/describe.ts'
import { PROBLEM_KINDS } from '../src/features.ts'
import { buildValidator } from '../src/http/validation.ts'
import { openWorld } from './world.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- a document of another shape fails the tests
type Json = any

const text = await describe()
const document: Json = JSON.parse(text)
const operations = Object.entries<Record<string, Json>>(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
)

suite('the OpenAPI document', () => {
  test('is committed as the code generates it; `npm run openapi -- openapi.json` writes it', () => {
    assert.equal(readFileSync(new URL('../openapi.json', import.meta.url), 'utf8'), text)
  })

  test('is the one that the service serves', async () => {
    await using world = await openWorld({ env: { PUBLIC_URL: 'http://127.0.0.1:8000' } })
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

  test('describes the answers and refusals of each operation, with an example of every refusal', () => {
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
        assert.equal(example.value.status, PROBLEM_KINDS.find((kind) => kind.code === code)?.status)
      }
    }
  })

  test('has a bound for every text, number and list', () => {
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
    // An event stream stays open, and the size of the metrics depends on the routes. Every other text has its limit in its schema.
    assert.deepEqual(unbounded, [
      '/paths//metrics/get/responses/200/content/text/plain/schema maxLength',
      '/paths//api/events/get/responses/200/content/text/event-stream/schema maxLength',
    ])
  })

  test('has the same bounds for a value in answers and in requests', () => {
    const { Task, TaskCreate, TaskBatch, BatchAnswer, BulkDelete, BulkDeleted } = document.components.schemas
    for (const name of ['title', 'description', 'dueDate']) {
      assert.equal(Task.properties[name].maxLength, TaskCreate.properties[name].maxLength, name)
    }
    assert.equal(Task.properties.tags.maxItems, TaskCreate.properties.tags.maxItems)
    assert.equal(Task.properties.tags.items.maxLength, TaskCreate.properties.tags.items.maxLength)
    for (const name of ['deleted', 'notFound']) {
      assert.equal(BulkDeleted.properties[name].maxItems, BulkDelete.properties.ids.maxItems, name)
    }
    const answer = (path: string, method: string): Json =>
      document.paths[path][method].responses[200].content['application/json'].schema
    assert.equal(BatchAnswer.properties.results.maxItems, TaskBatch.properties.operations.maxItems)
    let pages = 0
    for (const [path, { get }] of Object.entries<Json>(document.paths)) {
      const limit = get?.parameters?.find(({ name }: Json) => name === 'limit')
      if (limit === undefined) continue
      pages++
      assert.equal(answer(path, 'get').maxItems, limit.schema.maximum, path)
    }
    assert.ok(pages >= 2)
  })

  test('has no example that its own schema refuses', () => {
    /** Formats for generators of clients; the validator uses minimum and maximum. */
    const ours = (key: string, value: unknown): unknown =>
      key === 'format' && /^int(?:32|64)$/.test(String(value)) ? undefined : value
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

  /** Each object and array of the document with its path, except in examples. */
  function* nodes(node: Json = document, path = ''): Generator<readonly [path: string, node: Json]> {
    if (typeof node !== 'object' || node === null) return
    yield [path, node]
    for (const [key, value] of Object.entries(node)) {
      if (!/^(examples?|default|enum|const|x-.*)$/.test(key))
        yield* nodes(value, `${path}/${key.replaceAll('/', '~1')}`)
    }
  }
  const pathsOf = (matches: (node: Json, path: string) => boolean): string[] =>
    [...nodes()].filter(([path, node]) => matches(node, path)).map(([path]) => path)

  suite('the OpenAPI document has no construct that makes generated clients fail:', () => {
    test('no other keyword with oneOf or anyOf, and no discriminator', () => {
      const alternatives = pathsOf((node) => Array.isArray(node.oneOf ?? node.anyOf) && Object.keys(node).length > 1)
      assert.deepEqual(alternatives, [])
      assert.deepEqual(
        pathsOf((node) => 'discriminator' in node && !Array.isArray(node)),
        [],
      )
    })

    test('each object of a body or an answer is a named component', () => {
      const isObject = ({ type, properties }: Json): boolean =>
        properties !== undefined || [type].flat().includes('object')
      const inline = pathsOf((node, path) => isObject(node) && !/^\/components\/schemas\/[^/]+$/.test(path))
      assert.deepEqual(inline, [])
    })

    // ogen tells alternatives apart by the values of an enum, and by no `const`. Without a name the enum would be Op, Op1, Op2 …
    // in Python, by the order of the operations.
    test('alternatives are null and the batch operations, whose `op` is an enum with a name and one value', () => {
      const alternatives = [...nodes()].map(([, node]) => node.oneOf ?? node.anyOf).filter(Array.isArray)
      const several = alternatives.filter((each: Json[]) => each.filter(({ type }) => type !== 'null').length > 1)
      const { oneOf } = document.components.schemas.TaskOperation
      assert.deepEqual(several, [oneOf])
      const ops = oneOf.map(({ $ref }: Json) => {
        const op = `${$ref}Op`
        assert.deepEqual(document.components.schemas[$ref.split('/').at(-1)].properties.op, { $ref: op })
        return document.components.schemas[op.split('/').at(-1) ?? '']
      })
      assert.deepEqual(
        ops,
        ['create', 'put', 'update', 'complete', 'delete'].map((op) => ({ type: 'string', enum: [op] })),
      )
    })

    test('each set of refusals is one response, independent of the order of the codes', () => {
      const sets = Object.keys(document.components.responses).map((name) => name.split('Or').sort().join('Or'))
      assert.equal(new Set(sets).size, sets.length)
      assert.deepEqual(
        pathsOf((node, path) => /^\/paths\/.*\/responses\/[45]/.test(path) && 'application/problem+json' in node),
        [],
      )
    })

    test('no component has a name that generators derive from an operation', () => {
      const names = Object.keys(document.components.schemas)
      const taken = new Set(
        operations.flatMap(({ operation: { operationId } }) =>
          ['Operation', 'Params', 'Res', 'Response', 'Error'].map((suffix) => `${operationId}${suffix}`.toLowerCase()),
        ),
      )
      assert.deepEqual(
        names.filter((name) => taken.has(name.toLowerCase())),
        [],
      )
    })

    test('each set of values is written once', () => {
      const enums = [...nodes()]
        .filter(([, node]) => Array.isArray(node.enum))
        .map(([, node]) => JSON.stringify(node.enum))
      assert.deepEqual(
        enums.filter((each, index) => enums.indexOf(each) !== index),
        [],
      )
    })

    test('values that are no identifiers have names in UPPER_SNAKE', () => {
      for (const [path, node] of nodes()) {
        if (!Array.isArray(node.enum) || node.enum.every((value: string) => /^(?:[A-Z_]+|[a-z]+)$/.test(value)))
          continue
        const names: string[] = node['x-enum-varnames'] ?? []
        assert.deepEqual([new Set(names).size, names.length], [node.enum.length, node.enum.length], path)
        for (const name of names) assert.match(name, /^[A-Z]+(?:_[A-Z]+)*$/, path)
      }
    })

    test('sets of values in answers that may grow are open sets', () => {
      const { ProblemCode, Problem, BatchProblem, ChangeType } = document.components.schemas
      assert.deepEqual(
        [ChangeType.enum, ChangeType.const, ChangeType['x-extensible-enum']],
        [undefined, undefined, ['task']],
      )
      assert.deepEqual([ProblemCode.type, ProblemCode.enum, ProblemCode.maxLength], ['string', undefined, 64])
      assert.deepEqual(
        ProblemCode['x-extensible-enum'],
        PROBLEM_KINDS.map(({ code }) => code),
      )
      for (const { properties } of [Problem, BatchProblem]) {
        assert.deepEqual(properties.code, { $ref: '#/components/schemas/ProblemCode' })
      }
    })

    test('the format of an integer can hold its maximum', () => {
      const { Change, TaskBatch } = document.components.schemas
      assert.deepEqual([Change.properties.seq.format, TaskBatch.properties.ifSeq.format], ['int64', 'int64'])
      assert.deepEqual(
        pathsOf((node) => node.type === 'integer' && node.format !== (node.maximum < 2 ** 31 ? 'int32' : 'int64')),
        [],
      )
    })

    test('no list has uniqueItems, from which generators make a set without order', () => {
      assert.deepEqual(
        pathsOf((node) => 'uniqueItems' in node),
        [],
      )
    })

    const parametersOf = ({ parameters = [] }: Json): Json[] =>
      parameters.map((each: Json) =>
        each.$ref === undefined ? each : document.components.parameters[each.$ref.split('/').at(-1)],
      )

    test('lists in queries are repeated parameters, because clients would encode separating commas', () => {
      for (const { name, operation } of operations) {
        for (const { style = 'form', explode = true, ...parameter } of parametersOf(operation)) {
          if (parameter.schema.type === 'array')
            assert.deepEqual([style, explode], ['form', true], `${name} ${parameter.name}`)
        }
      }
    })

    test('optional parameters have no defaults, which clients would send', () => {
      for (const { name, operation } of operations) {
        for (const { required, schema, ...parameter } of parametersOf(operation)) {
          if (required === true) continue
          for (const key of ['example', 'examples'])
            assert.ok(!(key in parameter || key in schema), `${name} ${parameter.name}`)
        }
      }
    })

    test('each body has one media type, and an example', () => {
      for (const { name, operation } of operations) {
        if (operation.requestBody === undefined) continue
        assert.deepEqual(Object.keys(operation.requestBody.content), ['application/json'], name)
        assert.ok('example' in operation.requestBody.content['application/json'], name)
      }
    })

    test('a client that sends null for absent members of a patch deletes no stored array or object', () => {
      const resolve = (schema: Json): Json =>
        schema.$ref === undefined ? schema : document.components.schemas[schema.$ref.split('/').at(-1)]
      const patches = operations
        .filter(({ name, operation }) => name.startsWith('PATCH ') || operation['operationId'].startsWith('update'))
        .map(({ operation }) => resolve(operation['requestBody'].content['application/json'].schema))
      assert.ok(patches.includes(document.components.schemas.TaskPatch))
      for (const { properties, required = [] } of patches) {
        for (const [member, schema] of Object.entries<Json>(properties)) {
          const types = new Set([resolve(schema).type].flat())
          const isMany = types.has('array') || types.has('object')
          if (isMany) assert.ok(types.has('null') && !required.includes(member), member)
        }
      }
    })

    test('headers that no client reads are not described, and X-Request-Id is in every answer', () => {
      assert.deepEqual(
        pathsOf((_node, path) => /headers\/Access-Control/.test(path)),
        [],
      )
      const LIMIT_HEADERS = ['X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset']
      for (const { name, operation } of operations) {
        for (const [status, given] of Object.entries<Json>(operation.responses)) {
          const { headers } = given.$ref ? document.components.responses[given.$ref.split('/').at(-1)] : given
          assert.ok(headers['X-Request-Id'], `${name} ${status}`)
          const isLimited = operation.responses['429'] !== undefined && /^[23]/.test(status)
          const limits = Object.keys(headers).filter((header) => /RateLimit/.test(header))
          assert.deepEqual(limits, isLimited ? LIMIT_HEADERS : [], `${name} ${status}`)
        }
      }
    })

    test('servers are absolute, required members are neither read-only nor write-only, and each operation has a description', () => {
      assert.deepEqual(
        document.servers.map(({ url }: Json) => URL.canParse(url)),
        [true],
      )
      assert.deepEqual(
        pathsOf((node) => node.writeOnly === true),
        [],
      )
      for (const { name, operation } of operations) assert.ok(operation.description, name)
      assert.ok(document.info.contact.name)
    })
  })
})
