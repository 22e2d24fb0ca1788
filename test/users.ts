import { randomUUID } from 'node:crypto'
import { generateId } from 'better-auth'
import type { ClientBase } from 'pg'
import type { Config } from '../src/config/config.ts'
import { hashSessionToken } from '../src/http/credential.ts'

export interface User {
  readonly id: string
  readonly token: string
  readonly email: string
  readonly password: string
}

const PASSWORD = 'correct horse battery'
/** better-auth's scrypt of {@link PASSWORD}. */
const PASSWORD_HASH =
  '14080750b7aa7c68dc7de1c8076e808e:8ce737e695c59e09bcdfe37b5869d5431d2e32bc0c60335aa361c38030b54683cffa785b0f95b638a389e854619ef6073fa57dd49e8fb0888fd903a352a3790b'

/** Inserts the three rows of a sign-up: the user, the account with the password, and a session of seven days. */
export async function insertUser(owner: Pick<ClientBase, 'query'>, name: string, { auth }: Config): Promise<User> {
  const [id, token] = [generateId(), generateId()]
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
    [id, name, email, generateId(), PASSWORD_HASH, generateId(), hashSessionToken(token, secret.reveal())],
  )
  return { id, token, email, password: PASSWORD }
}
