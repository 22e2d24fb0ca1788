import { randomUUID } from 'node:crypto'
import { asAda, type Attack } from '../../test/attacks/scene.ts'
import type { FeatureCases } from '../../test/feature-cases.ts'

const TRASH = '/api/trash'

const OF_ENTITY = 'changes_by_entity (user_id, type, entity_id)'

const refused = (name: string, expected: Attack['expected'], ...of: Parameters<typeof asAda>): Attack => ({
  name,
  expected,
  send: asAda(...of),
})

const idOf = (path: string): string => path.slice(TRASH.length + 1)

export const cases: FeatureCases = {
  writes: (ask) => {
    const newTrashed = async (): Promise<string> => {
      const { json } = await ask('POST', { path: '/api/tasks', body: { title: 'x' } })
      await ask('DELETE', { path: `/api/tasks/${json.id}` })
      return `${TRASH}/${json.id}`
    }
    return {
      'POST /api/trash/{id}/restore': async () => ({ path: `${await newTrashed()}/restore` }),
      'POST /api/trash/restore': async () => ({
        path: `${TRASH}/restore`,
        body: { ids: [idOf(await newTrashed()), idOf(await newTrashed()), randomUUID()] },
      }),
      'DELETE /api/trash/{id}': async () => ({ path: await newTrashed() }),
      'DELETE /api/trash': async () => {
        await newTrashed()
        return { path: TRASH }
      },
    }
  },
  plans: {
    tables: [],
    // Of 3600 deleted tasks one user has 3100, more than three times emptying the trash deletes.
    fill: `
      insert into tasks (id, user_id, title)
      select gen_random_uuid(), user_id, 'Trashed' from (
        select $1 as user_id, generate_series(1, 3100) union all
        select id, generate_series(1, 5) from users where id like 'other-%') each_of_them;
      delete from tasks where title = 'Trashed'`,
    operations: {
      'the trash': { ask: ['GET', `${TRASH}?limit=20`], reads: ['changes_in_trash (user_id)'], isOfLog: true },
      'one item of the trash': {
        ask: ['GET', `${TRASH}/:other`],
        reads: [OF_ENTITY],
        isOfLog: true,
      },
      'a restore': { ask: ['POST', `${TRASH}/:third/restore`], reads: [`Sort of ${OF_ENTITY}`], isOfLog: true },
      'a deletion for good': {
        ask: ['DELETE', '/api/tasks/:third?permanent=true'],
        reads: ['tasks_pkey (user_id, id)'],
      },
      'emptying the trash': {
        ask: ['DELETE', TRASH],
        reads: ['changes_in_trash (user_id)', 'changes_in_trash (user_id)'],
        isOfLog: true,
      },
    },
  },
  attacks: {
    "Other users' tasks": [
      refused("reading another user's trash", [404, 'not_found'], 'GET', ({ benTrashed }) => `${TRASH}/${benTrashed}`),
      refused(
        "restoring a task from another user's trash",
        [404, 'not_found'],
        'POST',
        ({ benTrashed }) => `${TRASH}/${benTrashed}/restore`,
      ),
      {
        ...refused(
          "restoring tasks from another user's trash",
          [200],
          'POST',
          `${TRASH}/restore`,
          ({ benTrashed }) => ({ body: { ids: [benTrashed] } }),
        ),
        check: ({ text }, { benTrashed }) => {
          if (text !== JSON.stringify({ tasks: [], notFound: [benTrashed] })) throw new Error(text)
        },
      },
      refused(
        "deleting a task in another user's trash for good",
        [404, 'not_found'],
        'DELETE',
        ({ benTrashed }) => `${TRASH}/${benTrashed}`,
      ),
      refused(
        "deleting another user's task for good",
        [404, 'not_found'],
        'DELETE',
        ({ benTask }) => `${benTask}?permanent=true`,
      ),
      {
        ...refused('a list of the trash', [200], 'GET', TRASH),
        check: ({ text }, { benTrashed }) => {
          if (text.includes(benTrashed)) throw new Error('it has the task of another user')
        },
      },
      refused('emptying the own trash, which is empty', [204], 'DELETE', TRASH),
    ],
  },
}
