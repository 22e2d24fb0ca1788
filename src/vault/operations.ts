import { Type } from 'typebox'
import { scoped, SERVICE_ONLY } from '../http/access.ts'
import { IdempotentHeaders, ONCE_REFUSALS, pageHeaders, REPLAYED, refusals, RefTo } from '../http/wire.ts'
import { KEY_PROBLEMS } from './problems.ts'
import {
  AUDIT_PAGE_SIZE_MAX,
  AuditQuery,
  ByProvider,
  type KeyRead,
  type PlaintextKey,
  type UserApiKey,
  type UserApiKeyPut,
} from './schema.ts'

/** The operations on provider keys, as Fastify takes them and the OpenAPI document shows them. */

const tags = ['provider keys']
/** A bound for the document; there is one key per provider. */
const KEYS_MAX = 100

const keyAs = (description: string) => RefTo<UserApiKey>('UserApiKey', { description, headers: REPLAYED })

export const listKeys = {
  operationId: 'listUserApiKeys',
  summary: 'List your provider keys, masked',
  description: 'The keys themselves are never returned.',
  tags,
  security: scoped('keys:manage'),
  response: {
    200: Type.Array(RefTo<UserApiKey>('UserApiKey'), {
      description: 'One key per provider, by name',
      maxItems: KEYS_MAX,
    }),
    ...refusals('unauthenticated', 'invalid_input'),
  },
}

export const getKey = {
  operationId: 'getUserApiKey',
  summary: 'Read a provider key, masked',
  description: 'The key itself is never returned.',
  tags,
  security: scoped('keys:manage'),
  params: ByProvider,
  response: {
    200: RefTo<UserApiKey>('UserApiKey', { description: 'The masked key' }),
    ...refusals('unauthenticated', 'not_found', 'invalid_input'),
  },
}

export const putKey = {
  operationId: 'putUserApiKey',
  summary: 'Store a provider key, or replace it',
  description:
    'The service checks the key with the provider first, and stores it only if the provider accepts it. Otherwise the stored key does not change.',
  tags,
  security: scoped('keys:manage'),
  params: ByProvider,
  headers: IdempotentHeaders,
  body: RefTo<UserApiKeyPut>('UserApiKeyPut'),
  response: {
    200: keyAs('Replaced'),
    201: keyAs('Stored'),
    ...refusals(
      'invalid_json',
      'unauthenticated',
      'body_too_large',
      'unsupported_media_type',
      'invalid_input',
      'conflict',
      KEY_PROBLEMS.key_refused,
      KEY_PROBLEMS.provider_unavailable,
      'outcome_unknown',
      ...ONCE_REFUSALS,
    ),
  },
}

export const testKey = {
  operationId: 'testUserApiKey',
  summary: 'Check a stored provider key now',
  description: 'The result is stored, and returned as `validationStatus`.',
  tags,
  security: scoped('keys:manage'),
  params: ByProvider,
  headers: IdempotentHeaders,
  response: {
    200: keyAs('The masked key after the check'),
    ...refusals(
      'unauthenticated',
      'not_found',
      'invalid_input',
      KEY_PROBLEMS.key_unreadable,
      'outcome_unknown',
      ...ONCE_REFUSALS,
    ),
  },
}

export const deleteKey = {
  operationId: 'deleteUserApiKey',
  summary: 'Delete a provider key',
  description: 'The record of its reads is kept.',
  tags,
  security: scoped('keys:manage'),
  params: ByProvider,
  headers: IdempotentHeaders,
  response: {
    204: Type.Null({ description: 'Deleted', headers: REPLAYED }),
    ...refusals('unauthenticated', 'not_found', 'invalid_input', 'outcome_unknown', ...ONCE_REFUSALS),
  },
}

export const readKey = {
  operationId: 'readUserApiKey',
  summary: 'Read a provider key in plain text, as a service',
  description: 'Each read is recorded, and the user can see the record.',
  tags,
  security: SERVICE_ONLY,
  params: ByProvider,
  response: {
    200: RefTo<PlaintextKey>('PlaintextKey', { description: 'The key in plain text' }),
    ...refusals('unauthenticated', 'forbidden', 'not_found', 'invalid_input', KEY_PROBLEMS.key_unreadable),
  },
}

export const listReads = {
  operationId: 'listUserApiKeyReads',
  summary: 'List the reads of your key by services, newest first',
  description: 'Each read adds an entry in the same transaction.',
  tags,
  security: scoped('keys:manage'),
  params: ByProvider,
  querystring: AuditQuery,
  response: {
    200: Type.Array(RefTo<KeyRead>('KeyRead'), {
      description: 'One page',
      maxItems: AUDIT_PAGE_SIZE_MAX,
      headers: pageHeaders('Entries on all pages'),
    }),
    ...refusals('invalid_cursor', 'unauthenticated', 'invalid_input'),
  },
}
