import { Counter, type Registry } from 'prom-client'

/** How a call ended: with a result, with an error for the model, with a question for the user, or refused like any request. */
export type CallOutcome = 'ok' | 'error' | 'asked' | 'refused'

const OUTCOMES: readonly CallOutcome[] = ['ok', 'error', 'asked', 'refused']

export interface ToolMetrics {
  /** @param tool the name of one of the tools */
  called(this: void, tool: string, outcome: CallOutcome): void
}

export function openToolMetrics(registry: Registry, tools: readonly string[]): ToolMetrics {
  const calls = new Counter({
    name: 'mcp_tool_calls_total',
    help: 'Tool calls: `ok`, `error` (the model can correct the call), `asked` (the user has to confirm it), `refused` (401, 403, or a failure of the service)',
    labelNames: ['tool', 'outcome'],
    registers: [registry],
  })
  for (const tool of tools) for (const outcome of OUTCOMES) calls.inc({ tool, outcome }, 0)
  return { called: (tool, outcome) => calls.inc({ tool, outcome }) }
}
