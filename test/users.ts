import { randomBytes, randomUUID } from 'node:crypto'
import type { ClientBase } from 'pg'
import type { PasswordHashing } from '../src/auth/hashing.ts'
import type { Config } from '../src/config/config.ts'
import { hashSessionToken } from '../src/http/credential.ts'

export interface User {
  readonly id: string
  readonly token: string
  readonly email: string
  readonly password: string
}

const PASSWORD = 'correct horse battery'

const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** 32 letters of both cases and digits, like the ids of better-auth. */
const newId = (): string => Array.from(randomBytes(32), (byte) => ALPHANUMERIC[byte % ALPHANUMERIC.length]).join('')

/** Inserts the three rows of a sign-up: the user, the account with the password, and a session of seven days. */
export async function insertUser(
  owner: Pick<ClientBase, 'query'>,
  name: string,
  { auth }: Config,
  { hash }: Pick<PasswordHashing, 'hash'>,
): Promise<User> {
  const [id, token] = [newId(), newId()]
  const email = `${name.toLowerCase()}-${randomUUID()}@example.com`
  const secret = auth.sessionHashSecret
  if (secret === undefined) throw new Error('only a service with its own auth server signs users up')
  await owner.query(
    `with new_user as (
       insert into public.users (id, name, email, "emailVerified") values ($1, $2, $3, false) returning id
     ), account as (
       insert into public.user_accounts (id, "accountId", "providerId", "userId", password, "updatedAt")
       select $4, id, 'credential', id, $5, now() from new_user
     )
     insert into public.user_sessions (id, "userId", token, "expiresAt", "updatedAt")
     select $6, id, $7, now() + '7 days', now() from new_user`,
    [id, name, email, newId(), await hash(PASSWORD), newId(), hashSessionToken(token, secret.reveal())],
  )
  return { id, token, email, password: PASSWORD }
}
