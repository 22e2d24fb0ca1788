import { Type } from 'typebox'
import type { FeatureDeps } from '../feature.ts'
import type { App } from '../http/app.ts'
import { JSON_UTF8 } from '../http/wire.ts'
import { prove } from './calls.ts'
import { openOriginCheck } from './origin.ts'
import { idOf, isMembers, readMessage, RpcError, type Members } from './protocol.ts'
import { openServer } from './server.ts'

const MCP = '/mcp'

/** The Model Context Protocol, for agents. Other methods than POST are 405: this server keeps no sessions and opens no streams. */
export function mcpRoutes(app: App, deps: FeatureDeps): void {
  const server = openServer(app, deps)
  const checkOrigin = openOriginCheck(deps.config)

  app.post(
    MCP,
    {
      onRequest: (request, _reply, done) => {
        checkOrigin(request)
        done()
      },
      config: {
        // Each tool needs the scope of the operations that it uses.
        needs: 'any',
        hasInnerRequests: true,
        reads: ({ body }) => !isWriteCall(body, server.isWriting),
      },
      schema: {
        hide: true,
        querystring: Type.Object({}, { additionalProperties: false }),
        // JSON-RPC has errors of its own for a body that is no message.
        body: Type.Unknown(),
      },
    },
    async (request, reply) => {
      try {
        const rpc = readMessage(request.body, request.headers)
        if (rpc === undefined) {
          await prove(request, deps.db, 'any')
          return await reply.code(202).send()
        }
        const result = await server.answer(rpc, request, reply)
        return await reply.type(JSON_UTF8).send(`{"jsonrpc":"2.0","id":${JSON.stringify(rpc.id)},"result":${result}}`)
      } catch (error) {
        if (!(error instanceof RpcError)) throw error
        await prove(request, deps.db, 'any')
        return await reply
          .code(error.status)
          .type(JSON_UTF8)
          .send(JSON.stringify(errorOf(error, request.body)))
      }
    },
  )
}

function isWriteCall(body: unknown, isWriting: (tool: unknown) => boolean): boolean {
  if (!isMembers(body) || body['method'] !== 'tools/call') return false
  return isMembers(body['params']) && isWriting(body['params']['name'])
}

const errorOf = ({ code, message, data }: RpcError, body: unknown): Members => ({
  jsonrpc: '2.0',
  id: idOf(body),
  error: { code, message, ...(data !== undefined && { data }) },
})
