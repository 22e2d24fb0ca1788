import type { Secret } from '../lib/secret.ts'
import { isIntactToken, newToken, openHashing, type TokenHashing } from './opaque-token.ts'

/** What users make for their programs (docs/tokens.md). */
const PREFIX = 'todo_pat_'
/** How much of the random part `GET /api/tokens` shows. */
const SHOWN_LENGTH = 4

export const newPersonalToken = (): string => newToken(PREFIX)

export const isPersonalToken = (presented: string): boolean => presented.startsWith(PREFIX)

export const isIntactPersonalToken = (token: string): boolean => isIntactToken(token, PREFIX)

/** The beginning, by which the owner recognizes the token. */
export const shownPart = (token: string): string => token.slice(0, PREFIX.length + SHOWN_LENGTH)

/** What `personal_tokens.hash` may hold for a token. */
export const openPersonalTokenHashing = (encryptionKeys: readonly Secret[]): TokenHashing =>
  openHashing(encryptionKeys, 'todo-backend personal token v1')
