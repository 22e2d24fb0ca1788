import { randomBytes } from 'node:crypto'

const secret = (): string => randomBytes(32).toString('base64url')

/** Variables of a production process: without these secrets it refuses to start. */
export const PRODUCTION = {
  ENVIRONMENT: 'production',
  SESSION_HASH_SECRET: secret(),
  SERVICE_AUTH_TOKEN: secret(),
  ENCRYPTION_KEY: `${secret()}=`,
  BETTER_AUTH_SECRET: secret(),
}
