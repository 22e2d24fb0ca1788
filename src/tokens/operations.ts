import { Type } from 'typebox'
import { SESSION_ONLY as security } from '../http/access.ts'
import { IdempotentHeaders, ONCE_REFUSALS, REPLAYED, refusals, RefTo } from '../http/wire.ts'
import { TOKEN_PROBLEMS } from './problems.ts'
import { TokenId, TOKENS_MAX, type NewPersonalToken, type PersonalToken, type PersonalTokenCreate } from './schema.ts'

/** The operations on personal tokens, as Fastify takes them and the OpenAPI document shows them. */

const tags = ['tokens']

export const createToken = {
  operationId: 'createToken',
  summary: 'Create a personal token',
  description: `Only a session may do this: neither services nor tokens. The token is in this answer only, because the service does not store it. A user can have ${TOKENS_MAX} tokens that have not expired; expired ones make room for new ones.`,
  tags,
  security,
  headers: IdempotentHeaders,
  body: RefTo<PersonalTokenCreate>('PersonalTokenCreate'),
  response: {
    201: RefTo<NewPersonalToken>('NewPersonalToken', {
      description: 'Created',
      headers: { Location: { type: 'string', description: 'The URL of the token' }, ...REPLAYED },
    }),
    ...refusals(
      'invalid_json',
      'unauthenticated',
      'forbidden',
      TOKEN_PROBLEMS.token_limit_reached,
      'body_too_large',
      'unsupported_media_type',
      'invalid_input',
      'outcome_unknown',
      ...ONCE_REFUSALS,
    ),
  },
}

export const listTokens = {
  operationId: 'listTokens',
  summary: 'List your personal tokens',
  description: 'The newest first, with those that have expired. The tokens themselves are never returned.',
  tags,
  security,
  response: {
    200: Type.Array(RefTo<PersonalToken>('PersonalToken'), { maxItems: TOKENS_MAX, description: 'All tokens' }),
    ...refusals('unauthenticated', 'forbidden', 'invalid_input'),
  },
}

export const getToken = {
  operationId: 'getToken',
  summary: 'Read a personal token',
  description: 'The token itself is never returned.',
  tags,
  security,
  params: TokenId,
  response: {
    200: RefTo<PersonalToken>('PersonalToken', { description: 'The token' }),
    ...refusals('unauthenticated', 'forbidden', 'not_found', 'invalid_input'),
  },
}

export const revokeToken = {
  operationId: 'revokeToken',
  summary: 'Revoke a personal token',
  description:
    'From the next request on it is refused with 401, and its event streams end within 30 seconds. What it has changed stays, and so does its name in the history.',
  tags,
  security,
  params: TokenId,
  headers: IdempotentHeaders,
  response: {
    204: Type.Null({ description: 'Revoked', headers: REPLAYED }),
    ...refusals('unauthenticated', 'forbidden', 'not_found', 'invalid_input', 'outcome_unknown', ...ONCE_REFUSALS),
  },
}
