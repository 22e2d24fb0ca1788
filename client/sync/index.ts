export type { Change } from '../calls.ts'
export { patchBetween, type Edit, type LocalTask, type OutboxState } from './edits.ts'
export { follow, type CursorStorage, type Follower, type FollowOptions, type FollowStatus } from './follow.ts'
export {
  mergeFields,
  openOutbox,
  type Conflict,
  type Outbox,
  type OutboxOptions,
  type OutboxStorage,
  type Resolution,
} from './outbox.ts'
export { readChanges, type Batch, type PageOptions } from './page.ts'
