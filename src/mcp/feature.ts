import type { Feature } from '../feature.ts'

/** The operations of the other features as tools for agents. */
export const mcp: Feature = {
  routes: async (app, deps) => (await import('./routes.ts')).mcpRoutes(app, deps),
  greeting: (_config, address) => ({ label: 'agents', text: `${address}/mcp (MCP)` }),
}
