import { createHmac, randomUUIDv7 } from 'node:crypto'
import { createServer } from 'node:http'
import { Client } from 'pg'

/**
 * An upper bound of what Node and `pg` can achieve: one prepared statement per request, which looks the session up and does the work,
 * hand-written JSON, no framework, no row-level security, no validation, no limits, no log. It is not an example to follow.
 */

const { HOST, PORT, DATABASE_URL, SESSION_HASH_SECRET } = process.env

/** Few connections that are always busy: each gets the next statement before it has answered the last one. */
const CONNECTIONS = 4

const TASK = `t.id, t.title, t.description, t.status, t.priority, t.due_date, array_to_json(t.tags), t.user_id, t.created_at,
  t.updated_at, t.completed_at, t.version, t.timezone, t.recurrence, t.occurrence, t.completions, t.last_completed_at, t.reminders`
const SESSION = `select s."userId" from user_sessions s where s.token = $1 and s."expiresAt" > now()`

/** No row means no session; a row of nulls means no tasks. */
const list = (condition) => `
  select ${TASK} from (${SESSION}) u left join lateral (
    select * from tasks t where t.user_id = u."userId" ${condition} order by t.created_at desc, t.id desc limit $2) t on true
  order by t.created_at desc, t.id desc`

const STATEMENTS = {
  list: list(''),
  filter: list('and t.status = $3::task_status'),
  get: `select ${TASK} from (${SESSION}) u join tasks t on t.user_id = u."userId" where t.id = $2`,
  create: `
    insert into tasks as t (id, user_id, title, description, status, priority, due_date, tags)
    select $2, u."userId", $3, $4, coalesce($5::task_status, 'TODO'), coalesce($6::task_priority, 'MEDIUM'), $7, coalesce($8::text[], '{}')
    from (${SESSION}) u returning ${TASK}`,
  patch: `
    update tasks t set title = coalesce($3, title), description = coalesce($4, description),
      priority = coalesce($5::task_priority, priority), due_date = coalesce($6, due_date), tags = coalesce($7::text[], tags),
      version = version + 1, updated_at = now()
    from (${SESSION}) u where t.user_id = u."userId" and t.id = $2 returning ${TASK}`,
  toggle: `
    update tasks t set status = case t.status when 'COMPLETED' then 'TODO'::task_status else 'COMPLETED' end,
      completed_at = case t.status when 'COMPLETED' then null else now() end, version = version + 1, updated_at = now()
    from (${SESSION}) u where t.user_id = u."userId" and t.id = $2 returning ${TASK}`,
}

/** All values stay in PostgreSQL's text format. */
const asText = { getTypeParser: () => (text) => text }
const connection = { connectionString: DATABASE_URL, pipeline: true, types: asText, options: '-c timezone=UTC' }
const clients = Array.from({ length: CONNECTIONS }, () => new Client(connection))
await Promise.all(clients.map((client) => client.connect()))
let turn = 0

async function run(name, values) {
  const client = clients[turn++ % CONNECTIONS]
  const { rows } = await client.query({ name, text: STATEMENTS[name], values, rowMode: 'array' })
  return rows
}

/** Converts PostgreSQL's format, such as `2025-12-27 17:00:00.25+00`. */
const instant = (text) => (text === null ? 'null' : `"${text.slice(0, 10)}T${text.slice(11, -3)}Z"`)

/** All members of a task, as todo-backend answers it. Arrays and objects come as JSON; a null becomes `null` in the template. */
const json = ([
  id,
  title,
  description,
  status,
  priority,
  due,
  tags,
  userId,
  created,
  updated,
  completed,
  version,
  timezone,
  recurrence,
  occurrence,
  completions,
  lastCompleted,
  reminders,
]) =>
  `{"id":"${id}","title":${JSON.stringify(title)},"description":${JSON.stringify(description)},"status":"${status}","priority":"${priority}","dueDate":${instant(due)},"tags":${tags},"userId":${JSON.stringify(userId)},"createdAt":${instant(created)},"updatedAt":${instant(updated)},"completedAt":${instant(completed)},"version":${version},"timezone":${JSON.stringify(timezone)},"recurrence":${recurrence},"occurrence":${occurrence},"completions":${completions},"lastCompletedAt":${instant(lastCompleted)},"reminders":${reminders}}`

function answer(response, status, json) {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(json),
  })
  response.end(json)
}

const tokenOf = ({ headers }) =>
  createHmac('sha256', SESSION_HASH_SECRET)
    .update((headers.authorization ?? '').slice('Bearer '.length))
    .digest('hex')

async function bodyOf(request) {
  let text = ''
  for await (const piece of request.setEncoding('utf8')) text += piece
  return JSON.parse(text)
}

const PREFIX = '/api/tasks/'
const UUID_LENGTH = 36

async function serve(request, response) {
  const { method, url } = request
  if (url === '/health') return answer(response, 200, '{"status":"healthy"}')
  const token = tokenOf(request)
  if (url.startsWith(PREFIX)) {
    const id = url.slice(PREFIX.length, PREFIX.length + UUID_LENGTH)
    let rows
    if (method === 'GET') rows = await run('get', [token, id])
    else if (url.endsWith('/complete')) rows = await run('toggle', [token, id])
    else {
      const { title, description, priority, dueDate, tags } = await bodyOf(request)
      rows = await run('patch', [token, id, title, description, priority, dueDate, tags])
    }
    return rows.length === 0 ? answer(response, 404, '{}') : answer(response, 200, json(rows[0]))
  }
  if (method === 'POST') {
    const { title, description, status, priority, dueDate, tags } = await bodyOf(request)
    const rows = await run('create', [token, randomUUIDv7(), title, description, status, priority, dueDate, tags])
    return rows.length === 0 ? answer(response, 401, '{}') : answer(response, 201, json(rows[0]))
  }
  const query = new URLSearchParams(url.slice(url.indexOf('?') + 1))
  const limit = query.get('limit') ?? 1000
  const status = query.get('status')
  const rows = status === null ? await run('list', [token, limit]) : await run('filter', [token, limit, status])
  if (rows.length === 0) return answer(response, 401, '{}')
  let page = ''
  if (rows[0][0] !== null) for (const row of rows) page += page === '' ? json(row) : `,${json(row)}`
  return answer(response, 200, `[${page}]`)
}

createServer((request, response) => {
  serve(request, response).catch((error) => {
    process.stderr.write(`${error}\n`)
    answer(response, 500, '{}')
  })
}).listen(Number(PORT), HOST)
