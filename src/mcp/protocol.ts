import type { IncomingHttpHeaders } from 'node:http'

/**
 * The messages of the Model Context Protocol over HTTP, as far as a server with tools alone needs them. Two eras are served on one path:
 * 2026-07-28 describes each request by itself, in `_meta` and headers; its predecessors begin with `initialize`. No state is kept for either.
 */

export const MODERN_VERSION = '2026-07-28'
/** Newest first. A client that asks for another one is offered the first. */
export const LEGACY_VERSIONS: readonly string[] = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05']
/** All that are served, newest first: what a client chooses from. */
export const VERSIONS: readonly string[] = [MODERN_VERSION, ...LEGACY_VERSIONS]

const META = 'io.modelcontextprotocol/'
const VERSION_META = `${META}protocolVersion`
const CAPABILITIES_META = `${META}clientCapabilities`
export const SERVER_INFO_META = `${META}serverInfo`

/** JSON-RPC 2.0, and the codes of MCP 2026-07-28. */
export const CODES = {
  invalidRequest: -32_600,
  methodNotFound: -32_601,
  invalidParams: -32_602,
  headerMismatch: -32_020,
  unsupportedVersion: -32_022,
} as const

export type Members = Readonly<Record<string, unknown>>

export interface RpcRequest {
  readonly id: string | number
  readonly method: string
  readonly params: Members
  readonly isModern: boolean
  /** What the client declared with this request. Empty in the older era, where only `initialize` declares it. */
  readonly clientCapabilities: Members
}

interface RpcExtras {
  /** 200 for errors of a method that was executed. */
  readonly status?: number
  readonly data?: object
}

/** An error of the protocol, which the client's library reports. What a model can correct is a result with `isError` instead. */
export class RpcError extends Error {
  override readonly name = 'RpcError'
  readonly code: number
  readonly status: number
  readonly data: object | undefined

  constructor(code: number, message: string, { status = 400, data }: RpcExtras = {}) {
    super(message)
    this.code = code
    this.status = status
    this.data = data
  }
}

/** The id of a request, for its answer; null if it has none that is valid. */
export function idOf(body: unknown): string | number | null {
  const id = isMembers(body) ? body['id'] : undefined
  return typeof id === 'string' || (typeof id === 'number' && Number.isSafeInteger(id)) ? id : null
}

export const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * @returns undefined for a notification, which is accepted and ignored
 * @throws RpcError
 */
export function readMessage(body: unknown, headers: IncomingHttpHeaders): RpcRequest | undefined {
  if (Array.isArray(body)) throw invalid('batches are not supported: send one message per request')
  if (!isMembers(body) || body['jsonrpc'] !== '2.0') throw invalid('the body must be a JSON-RPC 2.0 message')
  const { method, params = {} } = body
  if (typeof method !== 'string') throw invalid('the message must have a method; this server sends no requests')
  if (!isMembers(params)) throw invalid('params must be an object')
  const meta = isMembers(params['_meta']) ? params['_meta'] : {}
  if (!Object.hasOwn(body, 'id')) {
    refuseMismatches(method, {}, meta, headers)
    return undefined
  }
  const id = idOf(body)
  if (id === null) throw invalid('id must be a string, or an integer that JSON numbers keep exactly')
  refuseMismatches(method, params, meta, headers)
  const isModern = meta[VERSION_META] !== undefined
  if (!isModern) {
    refuseVersionOfHeader(method, headers)
    return { id, method, params, isModern, clientCapabilities: {} }
  }
  const clientCapabilities = meta[CAPABILITIES_META]
  if (meta[VERSION_META] !== MODERN_VERSION) throw unsupportedVersion(meta[VERSION_META])
  requireHeaders(method, params, headers)
  if (!isMembers(clientCapabilities)) {
    throw new RpcError(CODES.invalidParams, `_meta must have an object ${CAPABILITIES_META}`)
  }
  return { id, method, params, isModern, clientCapabilities }
}

const invalid = (why: string): RpcError => new RpcError(CODES.invalidRequest, `Invalid request: ${why}`)

/** An older version is refused in `_meta` too: its requests have no version there, and begin with `initialize`. */
function unsupportedVersion(requested: unknown): RpcError {
  const isOlder = typeof requested === 'string' && LEGACY_VERSIONS.includes(requested)
  const supported = isOlder ? [MODERN_VERSION] : VERSIONS
  const where = isOlder ? `with ${VERSION_META}; ${requested} begins with initialize` : 'here'
  return new RpcError(
    CODES.unsupportedVersion,
    `Unsupported protocol version; supported ${where}: ${supported.join(', ')}`,
    {
      data: { supported, ...(typeof requested === 'string' && { requested: requested.slice(0, VERSION_LENGTH_MAX) }) },
    },
  )
}

const VERSION_LENGTH_MAX = 32

/** The headers repeat what the body says, for proxies. A header that says something else is refused, in both eras. */
function refuseMismatches(method: string, params: Members, meta: Members, headers: IncomingHttpHeaders): void {
  const version = headerOf(headers, 'mcp-protocol-version')
  const claimed = meta[VERSION_META]
  if (version !== undefined && claimed !== undefined && version !== claimed) {
    throw mismatch('MCP-Protocol-Version differs from the protocolVersion in _meta')
  }
  const isModern = claimed !== undefined || version === MODERN_VERSION
  if (!isModern) return
  const given = headerOf(headers, 'mcp-method')
  if (given !== undefined && given !== method) throw mismatch('Mcp-Method differs from the method in the body')
  const name = nameHeaderOf(headers)
  if (name !== undefined && method === 'tools/call' && name !== params['name'] && params['name'] !== undefined) {
    throw mismatch('Mcp-Name differs from params.name in the body')
  }
}

const mismatch = (what: string): RpcError => new RpcError(CODES.headerMismatch, `Header mismatch: ${what}`)

/** A request of 2026-07-28 has these headers. */
function requireHeaders(method: string, { name }: Members, headers: IncomingHttpHeaders): void {
  const missing = [
    headerOf(headers, 'mcp-protocol-version') === undefined && 'MCP-Protocol-Version',
    headerOf(headers, 'mcp-method') === undefined && 'Mcp-Method',
    method === 'tools/call' && typeof name === 'string' && nameHeaderOf(headers) === undefined && 'Mcp-Name',
  ].filter((each) => each !== false)
  if (missing.length > 0) throw mismatch(`${missing.join(' and ')} must repeat what the body says`)
}

/** A request without a version in `_meta` is of the older era, unless its header says otherwise. */
function refuseVersionOfHeader(method: string, headers: IncomingHttpHeaders): void {
  const version = headerOf(headers, 'mcp-protocol-version')
  if (version === undefined || LEGACY_VERSIONS.includes(version)) return
  if (version !== MODERN_VERSION) throw unsupportedVersion(version)
  if (method === 'initialize') throw mismatch(`initialize does not exist in MCP-Protocol-Version ${MODERN_VERSION}`)
  throw new RpcError(CODES.invalidParams, `_meta must have ${VERSION_META} and ${CAPABILITIES_META}`, {
    data: { envelope: { missing: [VERSION_META, CAPABILITIES_META] } },
  })
}

function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value.trim() : undefined
}

const BASE64_VALUE = /^=\?base64\?([A-Za-z0-9+/]*={0,2})\?=$/

/** A name that a header cannot carry is sent as `=?base64?…?=`. */
function nameHeaderOf(headers: IncomingHttpHeaders): string | undefined {
  const value = headerOf(headers, 'mcp-name')
  if (value?.startsWith('=?base64?') !== true) return value
  const [, encoded] = BASE64_VALUE.exec(value) ?? []
  if (encoded === undefined) throw mismatch('Mcp-Name is not valid Base64')
  return Buffer.from(encoded, 'base64').toString()
}

/** The version in which the answer to `initialize` continues. */
export function negotiatedVersion(requested: unknown): string {
  const [newest = ''] = LEGACY_VERSIONS
  return typeof requested === 'string' && LEGACY_VERSIONS.includes(requested) ? requested : newest
}
