import type { Static, TSchema } from 'typebox'
import type { Need } from '../../principal.ts'
import type { Members } from '../protocol.ts'
import type { Call } from './call.ts'

/** What a call of a tool comes to. */
export type Outcome =
  | { readonly kind: 'done'; readonly result: Members }
  /** The text says what to do. It holds no text of tasks, which a model could take for ours. */
  | { readonly kind: 'failed'; readonly text: string; readonly code: string }
  | { readonly kind: 'ask'; readonly message: string; readonly state: string }

export interface Tool {
  readonly name: string
  readonly title: string
  readonly description: string
  /** The scope of the operations that the tool uses. */
  readonly scope: Need
  /** Whether a call counts as a write of the rate limit. */
  readonly writes: boolean
  readonly annotations: Annotations
  readonly input: TSchema
  readonly output: TSchema
  /** @param args valid for `input` */
  run(this: void, args: never, call: Call): Promise<Outcome>
}

/** Hints by which clients decide whether to ask their users. All tools work on this service alone. */
interface Annotations {
  readonly readOnlyHint: boolean
  /** Of a tool that writes: whether a call can replace or remove something. */
  readonly destructiveHint?: boolean
  /** Of a tool that writes: whether a repetition changes nothing more. */
  readonly idempotentHint?: boolean
  readonly openWorldHint: false
}

interface Definition<Input extends TSchema> extends Omit<Tool, 'annotations' | 'input' | 'run' | 'writes'> {
  readonly input: Input
  /** `Input` is inferred from the schema alone: to infer it from the arguments takes the compiler seconds. */
  run(this: void, args: NoInfer<Static<Input>>, call: Call): Promise<Outcome>
}

export const readingTool = <Input extends TSchema>(tool: Definition<Input>): Tool => ({
  ...tool,
  writes: false,
  annotations: { readOnlyHint: true, openWorldHint: false },
})

export const writingTool = <Input extends TSchema>({
  isDestructive,
  isIdempotent,
  ...tool
}: Definition<Input> & { readonly isDestructive: boolean; readonly isIdempotent: boolean }): Tool => ({
  ...tool,
  writes: true,
  annotations: {
    readOnlyHint: false,
    destructiveHint: isDestructive,
    idempotentHint: isIdempotent,
    openWorldHint: false,
  },
})

export const done = (result: Members): Outcome => ({ kind: 'done', result })
