/** The token of a session or a personal token, or a service that acts for a user. */
export type Credentials = { readonly token: string } | { readonly service: string; readonly userId: string }

/** A function is called before each attempt, so that it can return another credential. */
export type Auth = Credentials | (() => Credentials | Promise<Credentials>)

/** @throws TypeError when a credential cannot stand in a header; it does not quote it, as `fetch` would */
export async function headersOf(auth: Auth | undefined): Promise<Readonly<Record<string, string>>> {
  if (auth === undefined) return {}
  const credentials = typeof auth === 'function' ? await auth() : auth
  if ('token' in credentials) return { authorization: `Bearer ${checked('token', credentials.token)}` }
  return {
    'x-service-auth': checked('service', credentials.service),
    'x-user-id': checked('userId', credentials.userId),
  }
}

function checked(name: string, value: unknown): string {
  if (typeof value === 'string' && /^[!-~]+$/.test(value)) return value
  throw new TypeError(`auth: ${name} must be visible ASCII characters`)
}
