/** The source of random bits. Browsers have no randomUUID outside of a secure context. */
type Source = Pick<Crypto, 'getRandomValues'> & Partial<Pick<Crypto, 'randomUUID'>>

/** A name for one logical call: at least 122 random bits. */
export function newKey(source: Source = globalThis.crypto): string {
  if (source.randomUUID !== undefined) return source.randomUUID()
  return Array.from(source.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
