/**
 * URLs in answers. With PUBLIC_URL they are absolute and begin with it, so that they are correct behind a proxy that strips a path
 * prefix, and inside the network too. Without it they are relative to the origin of the request.
 */
export interface Links {
  /** @param path of this service, such as `/api/tasks`, with or without a query */
  to(this: void, path: string): string
  /** The path as the client requested it, before the proxy stripped the prefix. */
  asAsked(this: void, path: string): string
}

/** @param publicUrl without a slash at the end */
export function linksOf(publicUrl: string | undefined): Links {
  if (publicUrl === undefined) return RELATIVE
  const prefix = new URL(publicUrl).pathname.replace(/\/$/, '')
  return { to: (path) => publicUrl + path, asAsked: (path) => prefix + path }
}

export const RELATIVE: Links = { to: (path) => path, asAsked: (path) => path }
