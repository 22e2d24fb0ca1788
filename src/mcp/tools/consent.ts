import { Type } from 'typebox'
import type { Call } from './call.ts'
import { Text } from './shapes.ts'
import type { Outcome } from './tool.ts'

/** A larger deletion needs the consent of the user. */
export const ASKS_ABOVE = 25

/** The argument with which a model says that it has asked. */
export const Confirm = Type.Optional(Text('The code of the refusal. Only after the user has agreed'))

interface Deletion {
  readonly tool: string
  /** Without duplicates, in lower case. */
  readonly ids: readonly string[]
  /** What the user is asked. */
  readonly message: string
  readonly confirm: string | undefined
}

/** What the call answers instead of deleting the tasks; undefined when they may be deleted. */
export async function questionBefore(
  { tool, ids, message, confirm }: Deletion,
  call: Call,
): Promise<Outcome | undefined> {
  if (ids.length <= ASKS_ABOVE) return undefined
  const { answer, state, code, isCode } = await call.confirming.question(tool, ids)
  if (answer === 'confirmed') return undefined
  if (answer === 'declined') {
    return { kind: 'failed', code: 'declined', text: 'The user declined: nothing was deleted. Do not try it again.' }
  }
  if (call.confirming.canAsk) return { kind: 'ask', message, state }
  if (confirm !== undefined && isCode(confirm)) return undefined
  const text = `Nothing was deleted: these are ${ids.length} tasks, and more than ${ASKS_ABOVE} need the consent of the user. Ask the user. If the user agrees, call ${tool} again with the same arguments and confirm ${code}.`
  return { kind: 'failed', code: 'confirmation_required', text }
}
