import type { Secret } from '../lib/secret.ts'
import * as opaque from './opaque-token.ts'
import type { TokenHashing } from './opaque-token.ts'

/** Personal tokens, `todo_pat_…`, and addresses of calendars, which have the same form with a prefix of their own. */

interface Kind {
  readonly prefix: string
  /** Separates the keys of the HMAC. */
  readonly label: string
}

const PERSONAL: Kind = { prefix: 'todo_pat_', label: 'todo-backend personal token v1' }
export const CALENDAR: Kind = { prefix: 'todo_cal_', label: 'todo-backend calendar v1' }

export const PREFIX = PERSONAL.prefix
/** How much of the random part `GET /api/tokens` shows. */
const SHOWN_LENGTH = 4

export const newPersonalToken = (): string => newToken(PERSONAL)

export const newToken = ({ prefix }: Kind): string => opaque.newToken(prefix)

export const isPersonalToken = (presented: string): boolean => presented.startsWith(PREFIX)

/** Whether the text has the form of a personal token, or of another kind, and its checksum. */
export const isIntact = (token: string, { prefix }: Kind = PERSONAL): boolean => opaque.isIntactToken(token, prefix)

/** The beginning, by which the owner recognizes the token. */
export const shownPart = (token: string): string => token.slice(0, PREFIX.length + SHOWN_LENGTH)

export type { TokenHashing }

/** What `personal_tokens.hash` may hold for a token, or the table of another kind. */
export const openTokenHashing = (encryptionKeys: readonly Secret[], { label }: Kind = PERSONAL): TokenHashing =>
  opaque.openHashing(encryptionKeys, label)
