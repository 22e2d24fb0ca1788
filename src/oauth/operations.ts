import { Type } from 'typebox'
import { SESSION_ONLY as security } from '../http/access.ts'
import { IdempotentHeaders, ONCE_REFUSALS, REPLAYED, refusals, RefTo } from '../http/wire.ts'
import { OAUTH_PROBLEMS } from './problems.ts'
import {
  AuthorizationQuery,
  ClientIdParams,
  GRANTS_MAX,
  type AuthorizationAnswer,
  type AuthorizationDecision,
  type AuthorizationRequest,
  type ConnectedApp,
} from './schema.ts'

/** The operations on connected apps, as Fastify takes them and the OpenAPI document shows them. */

const tags = ['apps']

export const listApps = {
  operationId: 'listApps',
  summary: 'List your connected apps',
  description: 'The last used first. An app whose access has expired is not listed.',
  tags,
  security,
  response: {
    200: Type.Array(RefTo<ConnectedApp>('ConnectedApp'), { maxItems: GRANTS_MAX, description: 'All connected apps' }),
    ...refusals('unauthenticated', 'forbidden', 'invalid_input'),
  },
}

export const disconnectApp = {
  operationId: 'disconnectApp',
  summary: 'Disconnect an app',
  description:
    'Ends all its connections and tokens: from the next request on it is refused with 401, and its event streams end within 30 seconds. What it has changed stays, and so does its name in the history: `POST /api/history/undo` takes it back. A client id that is a URL is percent-encoded.',
  tags,
  security,
  params: ClientIdParams,
  headers: IdempotentHeaders,
  response: {
    204: Type.Null({ description: 'Disconnected', headers: REPLAYED }),
    ...refusals('unauthenticated', 'forbidden', 'not_found', 'invalid_input', 'outcome_unknown', ...ONCE_REFUSALS),
  },
}

export const describeAuthorization = {
  operationId: 'describeAuthorization',
  summary: 'Read what an app asks for',
  description:
    'For the page at which the user decides. It checks the authorization request of the app as the decision does. Where the id of the app is a URL, its document is read.',
  tags,
  security,
  querystring: AuthorizationQuery,
  response: {
    200: RefTo<AuthorizationRequest>('AuthorizationRequest', { description: 'What the app asks for' }),
    ...refusals(
      'unauthenticated',
      'forbidden',
      'not_found',
      'invalid_input',
      OAUTH_PROBLEMS.invalid_authorization_request,
    ),
  },
}

export const decideAuthorization = {
  operationId: 'decideAuthorization',
  summary: 'Allow or deny what an app asks for',
  description:
    'The decision of the user about an authorization request. The answer says where the browser is to go with it. Every request of an app needs a decision: earlier ones are not remembered.',
  tags,
  security,
  headers: IdempotentHeaders,
  body: RefTo<AuthorizationDecision>('AuthorizationDecision'),
  response: {
    200: RefTo<AuthorizationAnswer>('AuthorizationAnswer', { description: 'Decided', headers: REPLAYED }),
    ...refusals(
      'invalid_json',
      'unauthenticated',
      'forbidden',
      'not_found',
      OAUTH_PROBLEMS.app_limit_reached,
      'body_too_large',
      'unsupported_media_type',
      'invalid_input',
      OAUTH_PROBLEMS.invalid_authorization_request,
      'outcome_unknown',
      ...ONCE_REFUSALS,
    ),
  },
}
