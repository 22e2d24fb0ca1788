import assert from 'node:assert/strict'
import { after, before as beforeAll, suite, test } from 'node:test'
import { openWorld, type User, type World } from '../../test/world.ts'

/** The statements of a migration that adds the member `mood` to the JSON of tasks, with the next format number. */
const NEXT_FORMAT = `
  create or replace function todo_task_format() returns smallint language sql immutable parallel safe as 'select 1000::smallint';
  create or replace function todo_task_json(task tasks) returns text language plpgsql stable parallel safe cost 1 as $$
  begin
    return concat('{"id":"', task.id, '","title":', to_json(task.title), ',"version":', task.version, ',"mood":"new"}');
  end
  $$`

/** The statement of its backfill, which runs in batches. */
const REFORMAT = `
  update tasks set json_format = json_format where (user_id, id) in (
    select user_id, id from tasks where json_format <> todo_task_format() limit 2)`

suite('the JSON that is stored with a task', () => {
  let world: World
  let ada: User
  const formats = async (): Promise<Record<string, number>> => {
    const { rows } = await world.asOwner((client) =>
      client.query<{ title: string; format: number }>('select title, json_format as format from tasks order by title'),
    )
    return Object.fromEntries(rows.map(({ title, format }) => [title, format]))
  }
  const idOf: Record<string, string> = {}
  let before: number | undefined

  beforeAll(async () => {
    world = await openWorld()
    ada = await world.signUp('Ada')
    for (const title of ['a', 'b', 'c', 'd', 'e']) {
      const { json } = await world.ask('POST', '/api/tasks', { token: ada.token, body: { title } })
      idOf[title] = json.id
    }
    before = (await formats())['a']
    // So that the statements are prepared, with plans that the migration invalidates.
    for (const path of ['/api/tasks', `/api/tasks/${idOf['a']}`]) await world.ask('GET', path, { token: ada.token })
    await world.asOwner((client) => client.query(NEXT_FORMAT))
  })
  after(() => world[Symbol.asyncDispose]())

  test('is rebuilt on each read of a task in an earlier format, alone and in a list, before a backfill', async () => {
    const one = await world.ask('GET', `/api/tasks/${idOf['a']}`, { token: ada.token })
    assert.deepEqual(JSON.parse(one.text), { id: idOf['a'], title: 'a', version: 1, mood: 'new' })
    const all = await world.ask('GET', '/api/tasks?sort=title', { token: ada.token })
    assert.deepEqual(
      (JSON.parse(all.text) as { title: string; mood: string }[]).map(({ title, mood }) => [title, mood]),
      ['a', 'b', 'c', 'd', 'e'].map((title) => [title, 'new']),
    )
    assert.deepEqual(await formats(), Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((title) => [title, before])))
  })

  test('is stored in the current format by the next change of the task', async () => {
    const changed = await world.ask('PATCH', `/api/tasks/${idOf['a']}/complete`, { token: ada.token })
    assert.deepEqual(JSON.parse(changed.text), { id: idOf['a'], title: 'a', version: 2, mood: 'new' })
    assert.deepEqual(await formats(), {
      ...Object.fromEntries(['b', 'c', 'd', 'e'].map((title) => [title, before])),
      a: 1000,
    })
  })

  test('is converted to the current format in batches, by the owner, to whom the policies otherwise apply', async () => {
    await world.asOwner(async (client) => {
      await client.query(`begin;
        create role todo_reformatting nologin; grant todo_app to todo_reformatting;
        alter table tasks owner to todo_reformatting;
        alter policy tasks_in_migrations on tasks to todo_reformatting;
        set local role todo_reformatting`)
      try {
        assert.deepEqual(
          [(await client.query('select from tasks')).rowCount, (await client.query(REFORMAT)).rowCount],
          [0, 0],
        )
        await client.query('set local todo.migrating = on')
        const batches: unknown[] = []
        for (let rows: number | null = -1; rows !== 0; batches.push(rows))
          ({ rowCount: rows } = await client.query(REFORMAT))
        assert.deepEqual(batches, [2, 2, 0])
        const { rows } = await client.query(
          `select distinct json::json->>'mood' as mood, json_format as format, version from tasks where title <> 'a'`,
        )
        assert.deepEqual(rows, [{ mood: 'new', format: 1000, version: 1 }])
      } finally {
        await client.query('rollback')
      }
    })
  })
})
