import type { Snippet } from './token-snippets.ts'

/**
 * How a user connects a program, which then asks for access on `/consent`. docs/agents.md has the same, which a test compares.
 *
 * @param url of `/mcp`
 */
export const connectionsOf = (url: string): readonly Snippet[] => [
  { title: 'Claude', place: 'Customize, Connectors, +, Add custom connector; the URL is', text: url },
  {
    title: 'Claude Code',
    place: 'In a terminal; then /mcp signs in',
    text: `claude mcp add --transport http todo ${url}`,
  },
  { title: 'ChatGPT', place: 'Settings, Apps, Advanced settings, Developer mode, Create app; the URL is', text: url },
  { title: 'Cursor', place: '~/.cursor/mcp.json', text: json({ mcpServers: { todo: { url } } }) },
  { title: 'VS Code', place: '.vscode/mcp.json', text: json({ servers: { todo: { type: 'http', url } } }) },
  {
    title: 'Codex',
    place: 'In a terminal; the second line signs in',
    text: `codex mcp add todo --url ${url}\ncodex mcp login todo`,
  },
  {
    title: 'Programs that only start local servers',
    place: 'claude_desktop_config.json, or the file of the program; needs Node',
    text: json({ mcpServers: { todo: { command: 'npx', args: ['-y', 'mcp-remote', url, '--auth-timeout', '120'] } } }),
  },
]

const json = (value: unknown): string => JSON.stringify(value, null, 2)
