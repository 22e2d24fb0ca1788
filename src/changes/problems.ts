import { problemKinds } from '../problems.ts'

export const CURSOR_EXPIRED =
  'The cursor is older than the change log, or the log was replaced by a backup; start again without a cursor'

/** Refusals that only readers of the change log get. */
export const CHANGE_PROBLEMS = problemKinds({
  cursor_expired: {
    status: 410,
    title: 'The cursor has expired',
    meaning:
      'The cursor is more than 90 days behind, or it comes from a state of the service that was replaced by a backup. What has changed since is not known any more.',
    action: 'Read everything again: call GET /api/changes without a cursor, and delete what it does not list.',
    detail: CURSOR_EXPIRED,
  },
})
