/**
 * The URL of the service. In a browser the origin may be omitted; it is then that of the page.
 *
 * @throws TypeError when baseUrl is no URL of http or https
 */
export function serviceAt(baseUrl: string): URL {
  const { location } = globalThis as { readonly location?: { readonly href: string } }
  // Node 20 does not have URL.parse.
  const url = URL.canParse(baseUrl, location?.href) ? new URL(baseUrl, location?.href) : undefined
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url
  throw new TypeError('baseUrl must be a URL of http or https')
}
