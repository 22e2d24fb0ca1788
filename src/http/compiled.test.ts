import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Type } from 'typebox'
import { compileOnce } from './compiled.ts'
import { buildSerializer } from './serialization.ts'

/** A compiler that returns what it was passed, and how often it has compiled. */
function openCompiler() {
  let count = 0
  const compile = compileOnce((schema, referenced) => ({ schema, ids: Object.keys(referenced), count: ++count }))
  return { compile, count: () => count }
}

const named = ($id: string, maxLength = 9) => Type.String({ $id, maxLength })
const listOf = (id: string) => Type.Array(Type.Ref(id))

suite('a schema is compiled', () => {
  test('once for all schemas with the same text, whatever other schemas are shared', () => {
    const { compile, count } = openCompiler()
    const first = compile(listOf('Name'), { Name: named('Name') })
    assert.equal(compile(listOf('Name'), { Other: named('Other'), Name: named('Name') }), first)
    assert.equal(count(), 1)
  })

  test('again if its text, or that of a schema it refers to, differs', () => {
    const { compile, count } = openCompiler()
    compile(listOf('Name'), { Name: named('Name') })
    compile(listOf('Name'), { Name: named('Name', 10) })
    compile(Type.Ref('Name'), { Name: named('Name') })
    assert.equal(count(), 3)
  })

  test('again if a schema differs that it refers to only through others', () => {
    const { compile, count } = openCompiler()
    for (const longest of [1, 2]) compile(Type.Ref('Names'), { Names: listOf('Name'), Name: named('Name', longest) })
    assert.equal(count(), 2)
  })

  test('with the shared schemas that it refers to, directly or through others, and without the rest', () => {
    const { compile } = openCompiler()
    const shared = {
      Tree: Type.Object({ name: Type.Ref('Name#'), children: listOf('Tree') }, { $id: 'Tree' }),
      Name: named('Name'),
      Other: named('Other'),
    }
    assert.deepEqual(compile(listOf('Tree#'), shared).ids, ['Tree', 'Name'])
    assert.deepEqual(compile(Type.String(), shared).ids, [])
  })
})

test('two apps of a process have the same serialiser for the same schema', () => {
  const make = (): unknown =>
    buildSerializer({ Name: named('Name') })({
      schema: Type.Object({ a: Type.Ref('Name#') }),
      httpStatus: '200',
      method: 'GET',
      url: '/',
    })
  assert.equal(make(), make())
})
