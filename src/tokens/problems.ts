import { problemKinds } from '../problems.ts'
import { TOKENS_MAX } from './schema.ts'

/** Problems that only the routes of personal tokens return. */
export const TOKEN_PROBLEMS = problemKinds({
  token_limit_reached: {
    status: 409,
    title: 'Token limit reached',
    meaning: `You have ${TOKENS_MAX} personal tokens that have not expired. Nothing was created.`,
    action: 'Delete a token that is no longer used, then repeat the request.',
    detail: `You have ${TOKENS_MAX} personal tokens, which is the maximum: delete one first`,
  },
})
