import { Problem } from '../../errors.ts'
import { tokenPrincipal } from '../../principal.ts'
import type { TokenHashing } from '../opaque-token.ts'
import { isIntactPersonalToken, isPersonalToken } from '../personal-token.ts'
import type { Resolver } from './resolver.ts'

/** A personal token, by `Authorization: Bearer`. */
export function personalTokenResolver(hashing: TokenHashing): Resolver {
  return (_request, token) => {
    if (token === undefined || !isPersonalToken(token)) return undefined
    if (!isIntactPersonalToken(token)) {
      return new Problem(
        'unauthenticated',
        'The personal token is mistyped or cut off: its checksum is wrong. Copy it again, or create a new one',
      )
    }
    return tokenPrincipal(hashing(token))
  }
}
