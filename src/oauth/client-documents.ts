import { LRUCache } from 'lru-cache'
import { parseJson } from '../lib/json.ts'
import { OutboundError } from '../outbound/errors.ts'
import type { Outbound } from '../outbound/outbound.ts'
import { unusableClient, type Client } from './authorization.ts'
import { isMembers, MetadataFault, readMetadata } from './client-metadata.ts'

/**
 * Apps whose id is the URL of a document about them (Client ID Metadata Documents, draft-ietf-oauth-client-id-metadata-document). The
 * host of the URL is what one knows of such an app: only who controls it can change the document.
 */

/** A document that changed is used after this time at the latest. */
const FRESH_MS = 5 * 60_000
const KNOWN_MAX = 500
const DEADLINE_MS = 5_000
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json(?:\s*;|$)/i

interface DocumentLog {
  warn(fields: object, message: string): void
}

export interface ClientDocuments {
  /** @throws Problem invalid_authorization_request (422) when it cannot be read, or says something else */
  read(this: void, url: string): Promise<Client>
}

/** Whether a client id is the URL of a document. */
export const isDocumentUrl = (clientId: string): boolean => /^https?:\/\//i.test(clientId)

export function openClientDocuments(outbound: Outbound, log: DocumentLog): ClientDocuments {
  const known = new LRUCache<string, Client>({ max: KNOWN_MAX, ttl: FRESH_MS, ttlResolution: 1000 })
  return {
    async read(url) {
      const cached = known.get(url)
      if (cached !== undefined) return cached
      try {
        const client = await fetchDocument(url, outbound)
        known.set(url, client)
        return client
      } catch (error) {
        if (!(error instanceof DocumentFault || error instanceof MetadataFault || error instanceof OutboundError))
          throw error
        log.warn({ clientId: url, reason: error.message }, 'the metadata document of an app cannot be used')
        throw unusableClient(`The metadata document of the app cannot be used: ${error.message}`)
      }
    },
  }
}

class DocumentFault extends Error {}

async function fetchDocument(clientId: string, outbound: Outbound): Promise<Client> {
  const url = URL.parse(clientId)
  // Written in one way only, so that two texts cannot mean one app.
  if (url === null || url.href !== clientId) throw new DocumentFault('client_id must be a URL in its usual form')
  if (url.pathname === '/' || url.hash !== '') throw new DocumentFault('client_id must have a path, and no fragment')
  const signal = AbortSignal.timeout(DEADLINE_MS)
  const headers = { accept: 'application/json' }
  const answer = await outbound.send({ url: clientId, method: 'GET', headers, signal }).catch((error: unknown) => {
    throw signal.aborted ? new DocumentFault(`the server did not answer within ${DEADLINE_MS / 1000} s`) : error
  })
  if (answer.status !== 200) throw new DocumentFault(`the server answered with the status ${answer.status}`)
  // Many hosts keep the files of strangers, but serve them as text or as a page.
  if (!JSON_TYPE.test(String(answer.headers['content-type'] ?? ''))) {
    throw new DocumentFault('its Content-Type must be application/json')
  }
  if (!answer.isComplete) throw new DocumentFault('it is too large, or did not arrive in time')
  const json = jsonOf(answer.body)
  if (!isMembers(json) || json['client_id'] !== clientId) {
    throw new DocumentFault('its client_id is not the URL at which it is')
  }
  if (json['client_secret'] !== undefined) throw new DocumentFault('it must not contain a client_secret')
  return { id: clientId, ...readMetadata(json) }
}

function jsonOf(body: Buffer): unknown {
  try {
    return parseJson(body)
  } catch {
    throw new DocumentFault('it is not valid JSON')
  }
}
