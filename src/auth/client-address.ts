/** The header from which better-auth reads the client's address. Callers of `handle` set it, replacing the client's. */
export const CLIENT_ADDRESS_HEADER = 'x-internal-client-ip'
