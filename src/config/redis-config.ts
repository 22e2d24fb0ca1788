import { type EnvReader, redisKeyPrefix, redisUrl } from '../lib/env-reader.ts'
import { Secret } from '../lib/secret.ts'
import type { VariableTable } from '../lib/variable.ts'

export const REDIS_VARIABLES = {
  REDIS_URL: {
    default: 'redis://localhost:6379/0',
    does: 'The Redis in which all processes count rate limits, and by which they tell one another of changes for event streams; `rediss://` for TLS. While it is unreachable each process admits its share: the limit divided by `WORKERS`.',
  },
  RATE_LIMIT_KEY_PREFIX: {
    default: 'todo-backend:',
    does: 'Prefix of every key in Redis. Deployments that share one Redis need different prefixes.',
  },
} as const satisfies VariableTable

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
