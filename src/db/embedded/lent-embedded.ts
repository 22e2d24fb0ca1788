import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream'
import type { EmbeddedDatabase } from './embedded.ts'

/** With a directory as host, PostgreSQL's clients connect to the socket of this name in it. */
export const LENT_PORT = 5432
const SOCKET = `.s.PGSQL.${LENT_PORT}`

/** An embedded database that other processes can connect to: one connection at a time, and the newest replaces the previous one. */
export interface LentEmbedded extends AsyncDisposable {
  /** The socket directory, used as the host of a connection. Accessible to this user only. */
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
    // `pipeline` propagates the end or the error of one side to the other; there is nothing to report.
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
