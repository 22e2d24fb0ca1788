import type { Config } from '../config/config.ts'
import { openHashing, type TokenHashing } from './opaque-token.ts'

/** What connected apps hold (docs/oauth.md). The prefix says what a token is for, so that one kind is never taken for another. */
export const ACCESS_PREFIX = 'todo_at_'
export const REFRESH_PREFIX = 'todo_rt_'
export const CODE_PREFIX = 'todo_code_'

export const isAccessToken = (presented: string): boolean => presented.startsWith(ACCESS_PREFIX)

/**
 * The URL of this service as it is configured, without a slash at the end: the audience of its access tokens. Undefined where none is
 * configured; then the URL in the documents is that of the request.
 */
export const configuredUrl = ({ http, auth }: Pick<Config, 'http' | 'auth'>): string | undefined =>
  http.publicUrl ?? auth.serverUrl

/**
 * What the tables may hold for a code or token. The key is derived from the audience too: a token from the database of one deployment is
 * unknown to a copy of it that has another URL.
 */
export const openAppTokenHashing = (config: Pick<Config, 'http' | 'auth' | 'encryptionKeys'>): TokenHashing =>
  openHashing(config.encryptionKeys, `todo-backend app token v1\n${configuredUrl(config) ?? ''}`)
