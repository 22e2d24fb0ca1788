import { problemKinds } from '../problems.ts'
import { GRANTS_MAX } from './schema.ts'

/** Problems that only the routes of connected apps return. */
export const OAUTH_PROBLEMS = problemKinds({
  app_limit_reached: {
    status: 409,
    title: 'App limit reached',
    meaning: `You have ${GRANTS_MAX} connections of apps. Nothing was connected.`,
    action: 'Disconnect an app that is no longer used, then connect the new one.',
    detail: `You have ${GRANTS_MAX} connections of apps, which is the maximum: disconnect an app first`,
  },
  invalid_authorization_request: {
    status: 422,
    title: 'Invalid authorization request',
    meaning:
      'An app asked for access with parameters that are wrong, or has an id or a redirect URI that this service cannot accept. error is the code of OAuth 2.',
    action:
      'Report it to the makers of the app. With redirectTo the app can be informed: it is the URL at which the app waits for the answer.',
    detail: 'code_challenge is required: use PKCE with S256',
    members: { error: 'invalid_request' },
  },
})
