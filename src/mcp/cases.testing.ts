import { request, type Attack, type Scene } from '../../test/attacks/scene.ts'
import type { FeatureCases } from '../../test/feature-cases.ts'

const call = (name: string, args: object): object => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name, arguments: args },
})

type Sent = NonNullable<Parameters<typeof request>[2]>

/** @param of the request; without a token of its own it has that of ada's session */
const refused = (
  name: string,
  expected: Attack['expected'],
  of: (scene: Scene) => Sent & { readonly path?: string },
): Attack => ({
  name,
  expected,
  send: (scene) => {
    const { path = '/mcp', ...sending } = of(scene)
    return request('POST', path, { token: scene.ada.token, ...sending })
  },
})

const idOf = (task: string): string => task.slice(task.lastIndexOf('/') + 1)

/** The call succeeds as a request, and its result is an error: nothing was read or changed. */
const failing = (name: string, of: (scene: Scene) => object): Attack => ({
  ...refused(name, [200], (scene) => ({ body: of(scene) })),
  check: ({ json }) => {
    if (json.result?.isError !== true) throw new Error(`the result is no error: ${JSON.stringify(json)}`)
  },
})

export const cases: FeatureCases = {
  attacks: {
    "Other users' tasks": [
      failing("reading another user's task with a tool", ({ benTask }) => call('get_task', { id: idOf(benTask) })),
      failing("changing another user's task with a tool", ({ benTask }) =>
        call('update_tasks', { tasks: [{ id: idOf(benTask), title: 'x' }] }),
      ),
      failing("undoing another user's change with a tool", ({ benChangeId }) =>
        call('undo', { changeId: benChangeId }),
      ),
      failing('a tool with the id of a task that is a path', () =>
        call('get_task', { id: '../history/019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11' }),
      ),
    ],
    Credentials: [
      refused('a tool without a credential', [401, 'unauthenticated'], () => ({
        token: undefined,
        body: call('whoami', {}),
      })),
      refused(
        'a tool that writes, with a read-only personal token',
        [403, 'insufficient_scope'],
        ({ readOnlyToken }) => ({
          token: readOnlyToken,
          body: call('add_tasks', { tasks: [{ title: 'x' }] }),
        }),
      ),
      refused('a tool with the session in a cookie alone', [401, 'unauthenticated'], ({ cookie }) => ({
        token: undefined,
        headers: [`Cookie: ${cookie}`],
        body: call('whoami', {}),
      })),
      refused('a tool with a personal token in the query', [422, 'invalid_input'], ({ readOnlyToken }) => ({
        path: `/mcp?token=${readOnlyToken}`,
        body: call('whoami', {}),
      })),
      refused('a tool from a page of another origin', [403, 'forbidden'], () => ({
        headers: ['Origin: https://evil.example.com'],
        body: call('whoami', {}),
      })),
    ],
    JSON: [
      refused('a tool call that is nested too deep', [400, 'invalid_json'], () => ({
        body: `{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`,
      })),
      refused('a tool call with a member twice', [400, 'invalid_json'], () => ({
        body: '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}',
      })),
      failing('a tool with __proto__ as an argument', () =>
        JSON.parse(
          JSON.stringify(call('whoami', {})).replace('"arguments":{}', '"arguments":{"__proto__":{"userId":"x"}}'),
        ),
      ),
    ],
  },
}
