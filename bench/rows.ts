/** A user with a session, for whom the load generator sends requests. */
export interface Person {
  readonly token: string
  readonly ids: readonly string[]
}

export interface Asked {
  readonly method: 'GET' | 'POST' | 'PATCH'
  readonly path: string
  readonly body?: string
  /** Sent as If-None-Match. */
  readonly known?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A measurement: one row of the tables. */
export interface Row {
  readonly title: string
  /** Whether the users with a thousand tasks send the requests, and not the many with twenty. */
  readonly heavy?: true
  /** Whether it changes rows. Such rows come after those that only read, which need the original data. */
  readonly writes?: true
  readonly ask: (person: Person, number: number) => Asked
  /** Whether the answer is correct, so that a variant is not fast because its answer is wrong. */
  readonly isRight: (status: number, body: unknown) => boolean
}

const LIST = '/api/tasks'

const random = <T>(all: readonly T[]): T | undefined => all[Math.trunc(Math.random() * all.length)]
const anyOf = ({ ids }: Person): string => `${LIST}/${random(ids) ?? ''}`

/** What every variant answers of a task. Ours and the limit have more. */
const MEMBERS =
  'completedAt,createdAt,description,dueDate,id,priority,status,tags,title,updatedAt,userId,version'.split(',')

const isTask = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && MEMBERS.every((member) => member in value)

const isPage =
  (length: number, also: (task: { readonly status?: unknown }) => boolean = () => true) =>
  (status: number, body: unknown): boolean =>
    status === 200 && Array.isArray(body) && body.length === length && body.every((task) => isTask(task) && also(task))

const isOne =
  (expected: number) =>
  (status: number, body: unknown): boolean =>
    status === expected && isTask(body)

export const ROWS: Readonly<Record<string, Row>> = {
  list20: {
    title: 'a list of 20',
    ask: () => ({ method: 'GET', path: `${LIST}?limit=20` }),
    isRight: isPage(20),
  },
  counted20: {
    // The other variants never count, and ignore unknown parameters.
    title: 'a list of 20, with the total (`count=true`)',
    ask: () => ({ method: 'GET', path: `${LIST}?limit=20&count=true` }),
    isRight: isPage(20),
  },
  list1000: {
    title: 'a list of 1 000',
    heavy: true,
    ask: () => ({ method: 'GET', path: `${LIST}?limit=1000` }),
    isRight: isPage(1000),
  },
  filter20: {
    title: 'a filtered page: 20 of 333 still to do, among 1 000',
    heavy: true,
    ask: () => ({ method: 'GET', path: `${LIST}?status=TODO&limit=20` }),
    isRight: isPage(20, ({ status }) => status === 'TODO'),
  },
  unchanged20: {
    title: 'an unchanged list of 20 (`If-None-Match`, 304)',
    ask: () => ({ method: 'GET', path: `${LIST}?limit=20`, known: '*' }),
    isRight: (status) => status === 304,
  },
  get: {
    title: 'one task',
    ask: (person) => ({ method: 'GET', path: anyOf(person) }),
    isRight: isOne(200),
  },
  toggle: {
    title: 'complete or reopen a task',
    writes: true,
    ask: (person) => ({ method: 'PATCH', path: `${anyOf(person)}/complete` }),
    isRight: isOne(200),
  },
  patch: {
    title: 'change a title and a priority',
    writes: true,
    ask: (person, number) => ({
      method: 'PATCH',
      path: anyOf(person),
      body: JSON.stringify({ title: `Changed for the ${number}th time`, priority: number % 2 === 0 ? 'HIGH' : 'LOW' }),
    }),
    isRight: isOne(200),
  },
  create: {
    title: 'create a task',
    writes: true,
    ask: (_person, number) => ({
      method: 'POST',
      path: LIST,
      body: JSON.stringify({
        title: `Created as number ${number}`,
        description: 'What there is to do, in some words',
        priority: 'HIGH',
        dueDate: '2030-01-01T09:00:00Z',
        tags: ['home', 'errands'],
      }),
    }),
    isRight: isOne(201),
  },
}

const DAY_MS = 86_400_000

const page = (title: string, query: () => string): Row => ({
  title,
  ask: () => ({ method: 'GET', path: `${LIST}?limit=20${query()}` }),
  isRight: isPage(20),
})

/** Pages of one user with many tasks. Only `growth` measures these. */
export const ONE_USER_ROWS: Readonly<Record<string, Row>> = {
  newest: page('the newest', () => ''),
  openByCreated: page('open, newest first', () => '&completed=false'),
  openByDueDate: page('open, by due date', () => '&completed=false&sort=dueDate'),
  openByPriority: page('open, by priority', () => '&completed=false&sort=-priority'),
  openByUpdated: page('open, by update', () => '&completed=false&sort=-updatedAt'),
  byPriority: page('all, by priority', () => '&sort=-priority'),
  today: page('due today', () => '&due=today'),
  overdue: page('overdue, by due date', () => '&due=overdue&sort=dueDate'),
  changedSince: page(
    'changed since yesterday, by update',
    () => `&sort=updatedAt&updatedSince=${new Date(Date.now() - DAY_MS).toISOString()}`,
  ),
  completedLately: page('completed lately', () => '&completed=true&sort=-updatedAt'),
  one: { title: 'one task', ask: (person) => ({ method: 'GET', path: anyOf(person) }), isRight: isOne(200) },
  counted: page('the newest, with the total (`count=true`)', () => '&count=true'),
  stats: {
    title: 'statistics',
    ask: () => ({ method: 'GET', path: `${LIST}/stats` }),
    isRight: (status) => status === 200,
  },
}

/** A call of a tool, as a client of MCP 2026-07-28 sends it. */
const toolRow = (title: string, name: string, argumentsOf: (person: Person, number: number) => object): Row => ({
  title,
  ask: (person, number) => ({
    method: 'POST',
    path: '/mcp',
    headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': name },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: number,
      method: 'tools/call',
      params: {
        name,
        arguments: argumentsOf(person, number),
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientCapabilities': {},
          'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
        },
      },
    }),
  }),
  isRight: (status, body) =>
    status === 200 && (body as { readonly result?: { readonly isError?: boolean } }).result?.isError === false,
})

const BATCH = `${LIST}/batch`

const isBatch = (status: number, body: unknown): boolean =>
  status === 200 && (body as { readonly results?: readonly unknown[] }).results?.length === 1

/** The same work by a route and by a tool. Only `agents` measures these. */
export const AGENT_ROWS = {
  restGet: { ...ROWS['get'], title: 'one task' },
  toolGet: toolRow('one task', 'get_task', ({ ids }) => ({ id: random(ids) })),
  restFind: {
    title: 'a page of 20',
    // The members that the tool shows.
    ask: () => ({ method: 'GET', path: `${LIST}?limit=20&fields=id,title,status,priority,dueDate,tags` }),
    isRight: (status, body) => status === 200 && Array.isArray(body) && body.length === 20,
  },
  toolFind: toolRow('a page of 20', 'find_tasks', () => ({})),
  restAdd: {
    title: 'a new task',
    writes: true,
    ask: (_person, number) => ({
      method: 'POST',
      path: BATCH,
      body: JSON.stringify({ operations: [{ op: 'create', task: { title: `Created as number ${number}` } }] }),
    }),
    isRight: isBatch,
  },
  toolAdd: toolRow('a new task', 'add_tasks', (_person, number) => ({
    tasks: [{ title: `Created as number ${number}` }],
  })),
  restUpdate: {
    title: 'a change of a task',
    writes: true,
    ask: ({ ids }, number) => ({
      method: 'POST',
      path: BATCH,
      body: JSON.stringify({
        operations: [{ op: 'update', id: random(ids), patch: { title: `Changed for the ${number}th time` } }],
      }),
    }),
    isRight: isBatch,
  },
  toolUpdate: toolRow('a change of a task', 'update_tasks', ({ ids }, number) => ({
    tasks: [{ id: random(ids), title: `Changed for the ${number}th time` }],
  })),
} as Readonly<Record<string, Row>> // `get` is a row of the table above

export const ALL_ROWS: Readonly<Record<string, Row>> = { ...ROWS, ...ONE_USER_ROWS, ...AGENT_ROWS }
