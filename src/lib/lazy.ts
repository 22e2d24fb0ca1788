/** @returns a function that calls `make` when it is first called, and always returns what that returned; a throw is not kept */
export function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => (made ??= { value: make() }).value
}
