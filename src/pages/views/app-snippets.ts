import type { Snippet } from './token-snippets.ts'

/** How a user connects a program, which then asks for access on `/consent`. docs/agents.md has the same. @param url of `/mcp` */
export const connectionsOf = (url: string): readonly Snippet[] => [
  { title: 'Claude', place: 'Settings, Connectors, Add custom connector; the URL is', text: url },
  { title: 'ChatGPT', place: 'Settings, Apps, Advanced settings, Developer mode, Create app; the URL is', text: url },
  {
    title: 'Claude Code',
    place: 'In a terminal; then /mcp signs in',
    text: `claude mcp add --transport http todo ${url}`,
  },
  { title: 'Cursor', place: '~/.cursor/mcp.json', text: json({ mcpServers: { todo: { url } } }) },
  { title: 'VS Code', place: '.vscode/mcp.json', text: json({ servers: { todo: { type: 'http', url } } }) },
]

const json = (value: unknown): string => JSON.stringify(value, null, 2)
