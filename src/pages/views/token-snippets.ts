/** What a user can paste to use a personal token. docs/agents.md and docs/command-line.md have the same, which a test compares. */
export interface Snippet {
  readonly title: string
  /** Where it goes. */
  readonly place: string
  readonly text: string
}

export interface SnippetFacts {
  /** The address of the service, without a slash at its end. */
  readonly url: string
  readonly token: string
  /** Whether the service answers `POST /mcp`. */
  readonly hasMcp: boolean
}

/** Configuration in JSON as the programs' own documents show it. */
const json = (value: unknown): string => JSON.stringify(value, null, 2)

export function snippetsOf({ url, token, hasMcp }: SnippetFacts): readonly Snippet[] {
  const direct = [
    { title: 'curl', place: 'In a terminal', text: `curl -H 'Authorization: Bearer ${token}' '${url}/api/tasks'` },
    {
      title: 'Command line',
      // Elsewhere npm looks for another package of the name, and the token would be typed into that.
      place: 'In a clone of this project, or where todo-backend is installed; it asks for the token',
      text: `npx todo login ${url}`,
    },
  ]
  return hasMcp ? [...mcpSnippets(`${url}/mcp`, token), ...direct] : direct
}

function mcpSnippets(url: string, token: string): readonly Snippet[] {
  const headers = { Authorization: `Bearer ${token}` }
  const args = ['-y', 'mcp-remote', url, '--header', 'Authorization:${TODO_AUTHORIZATION}']
  const env = { TODO_AUTHORIZATION: headers.Authorization }
  return [
    {
      title: 'Claude Code',
      place: 'In a terminal',
      text: `claude mcp add --transport http todo ${url} --header "Authorization: Bearer ${token}"`,
    },
    {
      title: 'Claude Desktop',
      place: 'claude_desktop_config.json (Settings, Developer, Edit Config); needs Node',
      text: json({ mcpServers: { todo: { command: 'npx', args, env } } }),
    },
    { title: 'Cursor', place: '~/.cursor/mcp.json', text: json({ mcpServers: { todo: { url, headers } } }) },
    {
      title: 'VS Code',
      place: '.vscode/mcp.json; it asks for the token',
      text: json({
        inputs: [{ type: 'promptString', id: 'todo-token', description: 'Personal token', password: true }],
        servers: { todo: { type: 'http', url, headers: { Authorization: 'Bearer ${input:todo-token}' } } },
      }),
    },
    {
      title: 'Codex',
      place: '~/.codex/config.toml; the token is in the variable TODO_TOKEN',
      text: `[mcp_servers.todo]\nurl = "${url}"\nbearer_token_env_var = "TODO_TOKEN"`,
    },
  ]
}
