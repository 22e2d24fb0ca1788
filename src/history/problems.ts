import { problemKinds } from '../problems.ts'

const CONFLICT_EXAMPLE = {
  type: 'task',
  id: '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11',
  field: 'title',
  change: {
    id: '019b6052-11aa-7d3f-8a52-77a1f0c5e9d4',
    at: '2025-12-20T09:35:00Z',
    actor: { kind: 'service', name: 'agent' },
    operation: 'updateTask',
  },
}

/** Refusals that only an undo gets. */
export const HISTORY_PROBLEMS = problemKinds({
  undo_conflict: {
    status: 409,
    title: 'A later change would be lost',
    meaning:
      'Something that the undo would set back is not as the change made it: a later change has set it, or deleted or restored the task. `conflicts` names up to 20 of them, or with skipConflicts each entity once: the entity, the field (null if the whole entity was created or deleted) and the latest change that did so. Nothing was changed.',
    action: 'Undo the later change first, or make the change that you want with an ordinary request.',
    detail: 'Nothing was undone: title of task 019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11 was changed later',
    members: { conflicts: [CONFLICT_EXAMPLE] },
  },
  cannot_be_undone: {
    status: 409,
    title: 'This change cannot be undone',
    meaning:
      'A task that the undo would restore or set back was deleted for good or has left the trash, or the change has more than 1000 parts, or one of a kind that this version of the service does not know. Nothing was changed.',
    action: 'Do not repeat the request. GET /api/history shows what is known of the change.',
    detail: 'Nothing was undone: a task of this change was deleted for good',
  },
})
