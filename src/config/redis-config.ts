import { type EnvReader, redisKeyPrefix, redisUrl, type VariableTable } from '../lib/env-reader.ts'
import { Secret } from '../lib/secret.ts'

export const REDIS_VARIABLES = { REDIS_URL: [], RATE_LIMIT_KEY_PREFIX: [] } as const satisfies VariableTable

const DEFAULT_REDIS_URL = 'redis://localhost:6379/0'

export interface RedisConfig {
  /** Secret because it may hold a password. */
  readonly url: Secret
  /** The prefix of every key of this deployment. */
  readonly keyPrefix: string
  /** False in development at the default address: a Redis is used there if there is one. Default: true. */
  readonly isExpected?: boolean
}

export function readRedis(
  reader: Pick<EnvReader<keyof typeof REDIS_VARIABLES>, 'value'>,
  production: boolean,
): RedisConfig {
  const url = reader.value('REDIS_URL', DEFAULT_REDIS_URL, redisUrl)
  return {
    url: new Secret(url),
    keyPrefix: reader.value('RATE_LIMIT_KEY_PREFIX', 'todo-backend:', redisKeyPrefix),
    isExpected: production || url !== DEFAULT_REDIS_URL,
  }
}
