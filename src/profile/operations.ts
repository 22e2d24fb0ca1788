import { Type } from 'typebox'
import { scoped, UNLIMITED } from '../http/access.ts'
import { IdempotencyKey, ONCE_REFUSALS, REPLAYED, refusals, RefTo } from '../http/wire.ts'
import type { Profile, ProfilePatch } from './schema.ts'

/** The operations on the profile, as Fastify takes them and the OpenAPI document shows them. */

const tags = ['profile']
const ETAG = {
  ETag: {
    type: 'string',
    maxLength: 64,
    description: 'Names this state of the profile, for If-Match and If-None-Match',
  },
}

export const getProfile = {
  operationId: 'getProfile',
  summary: 'Read your profile',
  description: 'Who you are, and your time zone. With `If-None-Match` the answer is 304 if nothing has changed.',
  tags,
  security: scoped('account:read'),
  headers: Type.Object({
    'if-none-match': Type.Optional(Type.String({ description: 'The ETag of an earlier answer' })),
  }),
  response: {
    200: RefTo<Profile>('Profile', { description: 'Your profile', headers: ETAG }),
    304: Type.Null({ description: 'Nothing has changed since the answer with this ETag', headers: ETAG }),
    ...refusals('invalid_header', 'unauthenticated', 'invalid_input'),
  },
}

export const updateProfile = {
  operationId: 'updateProfile',
  summary: 'Change your name, time zone or mail settings',
  description:
    'Sessions and services only, because a program that acts with a token must not change whose days its queries mean. The e-mail address is changed with the password, under /api/auth.',
  tags,
  security: UNLIMITED,
  headers: Type.Object({
    'idempotency-key': IdempotencyKey,
    'if-match': Type.Optional(
      Type.String({ description: 'Execute the request only if the profile still has this ETag' }),
    ),
  }),
  body: RefTo<ProfilePatch>('ProfilePatch'),
  response: {
    200: RefTo<Profile>('Profile', { description: 'The profile after the request', headers: { ...ETAG, ...REPLAYED } }),
    ...refusals(
      'invalid_json',
      'invalid_header',
      'unauthenticated',
      'forbidden',
      'precondition_failed',
      'body_too_large',
      'unsupported_media_type',
      'invalid_input',
      'outcome_unknown',
      ...ONCE_REFUSALS,
    ),
  },
}
