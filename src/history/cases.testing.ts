import { asAda } from '../../test/attacks/scene.ts'
import type { FeatureCases } from '../../test/feature-cases.ts'

const HISTORY = '/api/history'

/** The scans of the log and of undos, each by key. Where the log ends, and a binary search in it. */
const SEARCH = ['changes_pkey (user_id)', 'changes_pkey (user_id, seq)']
const BY_SEQ = 'changes_pkey (user_id, seq)'
/** Twice the id: where the entries of the task end, and where the scan begins. */
const BY_TASK = 'changes_by_entity (user_id, type, entity_id, entity_id, seq)'
const ONE = 'tasks_pkey (user_id, id)'
/** What a change took back, and by a chain of undos whether it is in effect. */
const UNDOS = [
  'undos_pkey (user_id, undo_id)',
  'undos_by_undone (user_id, undone_id)',
  'undos_by_undone (user_id, undone_id)',
]

export const cases: FeatureCases = {
  writes: (ask) => {
    const change = async (): Promise<string> => {
      const { headers } = await ask('POST', { path: '/api/tasks', body: { title: 'x' } })
      return headers.get('x-change-id') ?? ''
    }
    return {
      'POST /api/history/{id}/undo': async () => ({ path: `${HISTORY}/${await change()}/undo` }),
      'POST /api/history/undo': async () => {
        await change()
        return { path: `${HISTORY}/undo`, body: { since: '2026-01-01T00:00:00Z' } }
      },
    }
  },
  plans: {
    tables: ['undos'],
    fill: `
      insert into undos (user_id, undo_id, undone_id, seq)
      select user_id, gen_random_uuid(), id, row_number() over (partition by user_id) from tasks`,
    operations: {
      'the history before a time': {
        ask: ['GET', `${HISTORY}?limit=20&until=:yesterday`],
        reads: [...SEARCH, BY_SEQ, BY_SEQ, ...UNDOS, BY_SEQ, BY_SEQ],
        isOfLog: true,
      },
      'the history of a task before a time': {
        ask: ['GET', '/api/tasks/:id/history?limit=20&until=:yesterday'],
        reads: [...SEARCH, BY_TASK, BY_SEQ, BY_SEQ, BY_TASK, BY_SEQ, BY_SEQ, ONE, BY_TASK, ...UNDOS, BY_SEQ, BY_TASK],
        isOfLog: true,
      },
      'one entry of the history': {
        ask: ['GET', `${HISTORY}/:change`],
        reads: ['changes_by_request (user_id, change_id)', ...SEARCH, ...UNDOS, BY_SEQ],
        isOfLog: true,
      },
      'an undo': {
        ask: ['POST', `${HISTORY}/:change/undo`],
        reads: ['undos_by_undone (user_id, undone_id)', 'undos_by_undone (user_id, undone_id)', ONE, ONE, ...UNDOS],
      },
    },
  },
  attacks: {
    "Other users' tasks": [
      {
        name: "reading the history of another user's task",
        expected: [404, 'not_found'],
        send: asAda('GET', ({ benTask }) => `${benTask}/history`),
      },
      {
        name: "reading another user's change by its id",
        expected: [404, 'not_found'],
        send: asAda('GET', ({ benChangeId }) => `${HISTORY}/${benChangeId}`),
      },
      {
        name: "reading another user's history with a cursor of theirs",
        expected: [400, 'invalid_cursor'],
        send: asAda('GET', ({ benCursor }) => `${HISTORY}?cursor=${benCursor}`),
      },
      {
        name: "undoing another user's change by its id",
        expected: [404, 'not_found'],
        send: asAda('POST', ({ benChangeId }) => `${HISTORY}/${benChangeId}/undo`),
      },
      {
        name: "undoing another user's changes by a time",
        expected: [422, 'invalid_input'],
        send: asAda('POST', `${HISTORY}/undo`, ({ ben }) => ({
          body: { since: '1900-01-01T00:00:00Z', userId: ben.id },
        })),
      },
      {
        name: 'undoing what a service did in all time, which is nothing',
        expected: [204],
        send: asAda('POST', `${HISTORY}/undo`, {
          body: { actor: { kind: 'service' }, since: '1900-01-01T00:00:00Z', until: '9999-12-31T00:00:00Z' },
        }),
      },
    ],
  },
}
