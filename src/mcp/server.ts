import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FeatureDeps } from '../feature.ts'
import type { App } from '../http/app.ts'
import { valueValidator } from '../http/value-validator.ts'
import { VERSION } from '../lib/version.ts'
import type { Need } from '../principal.ts'
import { callOf, hasScope, prove, questionOf, zoneFault } from './calls.ts'
import { openConfirmations } from './confirmation.ts'
import { INSTRUCTIONS } from './instructions.ts'
import { openToolMetrics, type CallOutcome } from './metrics.ts'
import {
  CODES,
  isMembers,
  VERSIONS,
  negotiatedVersion,
  RpcError,
  SERVER_INFO_META,
  type Members,
  type RpcRequest,
} from './protocol.ts'
import { malformedIn } from './tools/arguments.ts'
import { Refusal, type Call } from './tools/call.ts'
import type { Outcome, Tool } from './tools/tool.ts'
import { listed, toolsOf } from './tools/tools.ts'
import { Zones } from './zones.ts'

const SERVER_INFO = { name: 'todo-backend', title: 'todo-backend', version: VERSION }
const CAPABILITIES = { tools: {} }
/** How long a client may keep the list of tools. It depends on the scopes of the credential. */
const CACHING = { ttlMs: 5 * 60 * 1000, cacheScope: 'private' }

interface ServedTool extends Tool {
  /** As in `tools/list`. */
  readonly listed: object
  /** What is wrong with arguments, one sentence for each. */
  faultsOf(this: void, args: unknown): readonly string[]
}

export interface McpServer {
  /**
   * @returns the JSON of the result
   * @throws RpcError; Problem for what is refused like any other request
   */
  answer(this: void, rpc: RpcRequest, request: FastifyRequest, reply: FastifyReply): Promise<string>
  /** Whether a call of this tool counts as a write. */
  isWriting(this: void, tool: unknown): boolean
}

/** @param app with all routes that the tools use */
export function openServer(app: App, deps: FeatureDeps): McpServer {
  // Fastify types shared schemas as unknown. All of them are made by TypeBox.
  const shared = app.getSchemas() as Parameters<typeof valueValidator>[1]
  const tools = new Map<string, ServedTool>(
    toolsOf(app).map((tool) => [
      tool.name,
      { ...tool, listed: listed(tool, app), faultsOf: valueValidator(tool.input, shared) },
    ]),
  )
  const { db } = deps
  const callDeps = { db, confirmations: openConfirmations(deps.config), zones: new Zones() }
  const metrics = openToolMetrics(deps.metrics.registry, [...tools.keys()])

  const callTool = async (rpc: RpcRequest, request: FastifyRequest, reply: FastifyReply): Promise<string> => {
    const { name, arguments: args = {} } = rpc.params
    const tool = typeof name === 'string' ? tools.get(name) : undefined
    if (tool === undefined || !isMembers(args)) {
      await prove(request, db, 'any')
      const what = tool === undefined ? 'there is no such tool: see tools/list' : 'arguments must be an object'
      throw new RpcError(CODES.invalidParams, `Invalid params: ${what}`, { status: 200 })
    }
    request.loggedAs = { rpc: rpc.method, tool: tool.name }
    let outcome: CallOutcome = 'refused'
    try {
      // Text that is no Unicode can be in no URL, so it is refused before the schema is looked at.
      const malformed = malformedIn(args)
      const faults = malformed.length > 0 ? malformed : tool.faultsOf(args)
      const refusal = faults.length > 0 ? correctionOf(faults) : zoneFault(request)
      if (refusal !== undefined) await prove(request, db, tool.scope)
      const result = await outcomeOf(tool, args, refusal, callOf(request, reply, rpc, callDeps))
      outcome = OUTCOMES[result.kind]
      if (result.kind === 'failed') request.loggedAs = { ...request.loggedAs, toolError: result.code }
      return resultOf(result, rpc)
    } finally {
      metrics.called(tool.name, outcome)
    }
  }

  const listTools = async (request: FastifyRequest): Promise<Members> => {
    const granted = new Map<Need, boolean>()
    for (const scope of new Set([...tools.values()].map(({ scope }) => scope))) {
      granted.set(scope, await hasScope(request, db, scope))
    }
    return { tools: [...tools.values()].filter(({ scope }) => granted.get(scope) === true).map(({ listed }) => listed) }
  }

  return {
    isWriting: (tool) => typeof tool === 'string' && tools.get(tool)?.writes === true,
    async answer(rpc, request, reply) {
      if (rpc.method === 'tools/call') return callTool(rpc, request, reply)
      await prove(request, db, 'any')
      const result = rpc.method === 'tools/list' ? await listTools(request) : handshake(rpc)
      request.loggedAs = { rpc: rpc.method }
      return inEra(rpc, { ...result, ...(rpc.isModern && CACHING) })
    },
  }
}

/** The methods that say what this server is. */
function handshake({ method, params, isModern }: RpcRequest): Members {
  if (isModern && method === 'server/discover') {
    return { supportedVersions: VERSIONS, capabilities: CAPABILITIES, instructions: INSTRUCTIONS }
  }
  if (!isModern && method === 'initialize') {
    const protocolVersion = negotiatedVersion(params['protocolVersion'])
    return { protocolVersion, capabilities: CAPABILITIES, serverInfo: SERVER_INFO, instructions: INSTRUCTIONS }
  }
  if (!isModern && method === 'ping') return {}
  // Libraries of the older era take another status than 200 for a failure of the connection.
  throw new RpcError(CODES.methodNotFound, 'Method not found', { status: isModern ? 404 : 200 })
}

/** The JSON of a result, with what each result of the era has. */
const inEra = ({ isModern }: RpcRequest, result: Members): string =>
  JSON.stringify(isModern ? { resultType: 'complete', ...result, ...META } : result)

const META = { _meta: { [SERVER_INFO_META]: SERVER_INFO } }

const OUTCOMES: Readonly<Record<Outcome['kind'], CallOutcome>> = { done: 'ok', failed: 'error', ask: 'asked' }

/** @param refusal what is wrong with the call, if that was found before */
async function outcomeOf(tool: ServedTool, args: Members, refusal: string | undefined, call: Call): Promise<Outcome> {
  if (refusal !== undefined) return { kind: 'failed', code: 'invalid_input', text: refusal }
  try {
    // `faultsOf` found that they fit the schema.
    return await tool.run(args as never, call)
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'failed', code: error.code, text: error.message }
    throw error
  }
}

/** Faults that an error names. */
const FAULTS_SHOWN = 10

function correctionOf(faults: readonly string[]): string {
  const more = faults.length - FAULTS_SHOWN
  const shown = faults.slice(0, FAULTS_SHOWN).join('; ')
  return `Correct the arguments: ${shown}${more > 0 ? `; and ${more} more` : ''}.`
}

function resultOf(outcome: Outcome, rpc: RpcRequest): string {
  switch (outcome.kind) {
    case 'done': {
      // Serialized once for both, because it is most of the answer.
      const json = JSON.stringify(outcome.result)
      const content = `[{"type":"text","text":${JSON.stringify(json)}}]`
      return `{"content":${content},"structuredContent":${json},${inEra(rpc, { isError: false }).slice(1)}`
    }
    case 'failed':
      return inEra(rpc, { content: [{ type: 'text', text: outcome.text }], isError: true })
    case 'ask':
      return inEra(rpc, questionOf(outcome.message, outcome.state))
  }
}
