import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream'
import type { EmbeddedDatabase } from './embedded.ts'

/** What PostgreSQL's clients look for in the directory that is given as host. */
export const LENT_PORT = 5432
const SOCKET = `.s.PGSQL.${LENT_PORT}`

/** An embedded database that another process reaches, too: one at a time, and the newest connection is the one. */
export interface LentEmbedded extends AsyncDisposable {
  /** The directory to connect to, as PostgreSQL's clients take one for a host. Closed to other users. */
  readonly at: string
}

/** Lends it until disposed; the database itself stays its owner's to close. */
export async function lendEmbedded(embedded: EmbeddedDatabase): Promise<LentEmbedded> {
  const at = mkdtempSync(join(tmpdir(), 'todo-backend-'))
  const visitors = new Set<net.Socket>()
  const server = net.createServer((visitor) => {
    visitors.add(visitor)
    visitor.once('close', () => visitors.delete(visitor))
    const stream = embedded.stream()
    stream.connect()
    // How one side ends the other hears; there is nobody else to tell.
    pipeline(visitor, stream, visitor, () => undefined)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(join(at, SOCKET), resolve)
  })
  return {
    at,
    [Symbol.asyncDispose]: async () => {
      if (!server.listening) return
      for (const visitor of visitors) visitor.destroy()
      await new Promise((resolve) => server.close(resolve))
      rmSync(at, { recursive: true, force: true })
    },
  }
}
