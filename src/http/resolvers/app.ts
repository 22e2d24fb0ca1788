import { Problem } from '../../errors.ts'
import { appPrincipal } from '../../principal.ts'
import { ACCESS_PREFIX, isAccessToken } from '../app-token.ts'
import { isIntactToken, type TokenHashing } from '../opaque-token.ts'
import type { Resolver } from './resolver.ts'

/** An app that the user has connected, by `Authorization: Bearer` with an access token. */
export function appResolver(hashing: TokenHashing): Resolver {
  return (_request, token) => {
    if (token === undefined || !isAccessToken(token)) return undefined
    if (!isIntactToken(token, ACCESS_PREFIX)) {
      return new Problem('unauthenticated', 'The access token is cut off or changed: its checksum is wrong')
    }
    return appPrincipal(hashing(token))
  }
}
