import { problemKinds } from '../problems.ts'

const UNKNOWN_KEY = 'Gemini does not know this key: copy it again from there, or make a new one'

/** Problems that only the routes of provider keys return. */
export const KEY_PROBLEMS = problemKinds({
  key_refused: {
    status: 422,
    title: 'The provider refuses this key',
    meaning: 'The AI provider rejected the key. The key that was stored before is unchanged.',
    action: 'Copy the key again from the provider, or create a new one there.',
    detail: UNKNOWN_KEY,
    members: { errors: [{ in: 'body', pointer: '/apiKey', detail: UNKNOWN_KEY }] },
  },
  provider_unavailable: {
    status: 503,
    title: 'The provider is not available',
    meaning: 'The AI provider could not be reached, so the key could not be checked. Nothing was changed.',
    action: 'Repeat the request later.',
    detail:
      'Gemini cannot be reached, or does not answer as documented. The key could not be checked, and nothing was changed',
    logLevel: 'warn',
  },
  key_unreadable: {
    status: 503,
    title: 'The stored key cannot be read',
    meaning: 'The stored key cannot be decrypted with the encryption keys of the service.',
    action: 'Store the key again, or tell the operator of the service that an encryption key is missing.',
  },
})
