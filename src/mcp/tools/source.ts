import { Type, type TSchema } from 'typebox'
import type { App } from '../../http/app.ts'
import type { Operation } from './call.ts'

export type Properties = Readonly<Record<string, TSchema>>

/** What the routes of the service say of themselves, from which the tools are made. */
export interface Source {
  /** @throws Missing when the service has no such operation */
  operation(this: void, operationId: string): Operation
  /** The operation, if the service has it. */
  find(this: void, operationId: string): Operation | undefined
  /** The query parameters of an operation. @throws Missing */
  query(this: void, operationId: string): Properties
  /** The members of a shared schema. @throws Missing */
  members(this: void, schemaId: string): Properties
}

/** A tool is left out where the feature that it uses was deleted from the service. */
export class Missing extends Error {
  override readonly name = 'Missing'
}

/** @param app with all routes that the tools use */
export function openSource(app: App): Source {
  const find = (operationId: string): Operation | undefined => {
    const route = app.operations.get(operationId)
    if (route === undefined) return undefined
    const { method, url, config } = route
    // The operations that tools use have one method each, which is one of these.
    return { method: String(method) as Operation['method'], path: url, needs: config?.needs }
  }
  return {
    find,
    operation(operationId) {
      const operation = find(operationId)
      if (operation === undefined) throw new Missing(operationId)
      return operation
    },
    query(operationId) {
      const route = app.operations.get(operationId)
      if (route === undefined) throw new Missing(operationId)
      return propertiesOf(route.schema?.querystring)
    },
    members(schemaId) {
      const schema = app.getSchema(schemaId)
      if (schema === undefined) throw new Missing(schemaId)
      return propertiesOf(schema)
    },
  }
}

/** Descriptions in fewer words than those of the HTTP interface, by name. An empty one: the name says enough. */
const DESCRIBED: Readonly<Record<string, string>> = {
  dueDate: 'A day (2026-12-24), or RFC 3339 with an offset (2026-12-24T18:00:00+01:00). null: none',
  status: '',
  priority: '',
  tags: '',
  tag: 'Exact names',
  tagMode: 'any if absent',
  completed: 'true: done. false: open',
  due: 'today, week (Monday to Sunday): in the zone. overdue: not completed. none: without due date',
  dueBefore: '',
  dueAfter: '',
  createdBefore: '',
  createdAfter: '',
  updatedSince: '',
  q: 'Words in title, description or tags',
  sort: '- for descending. relevance: with q',
  fields: '',
  timezone: 'IANA zone, such as Europe/Berlin',
  recurrence: 'Needs dueDate',
  rule: 'RRULE of RFC 5545, such as FREQ=WEEKLY;BYDAY=MO',
  basis: 'DUE if absent',
  expectedWeekday: 'Refuse if dueDate is on another one',
  count: 'true: also the total',
  cursor: 'nextCursor of the previous page',
  actor: 'Such as session, token or service:agent',
  since: '',
  until: '',
}

/** @param schema of an object. Fastify copies schemas without TypeBox' mark of optional members, so it is set again. */
function propertiesOf(schema: unknown): Properties {
  const { properties, required = [] } = schema as {
    readonly properties: Properties
    readonly required?: readonly string[]
  }
  const members = Object.entries(properties).map(([name, member]): [string, TSchema] => {
    const described = describedOf(name, member)
    return [name, required.includes(name) ? described : Type.Optional(described)]
  })
  return Object.fromEntries(members)
}

/** With the shorter description, also of its members. */
function describedOf(name: string, schema: TSchema): TSchema {
  const { properties, description } = schema as { readonly properties?: Properties; readonly description?: string }
  const members = Object.entries(properties ?? {}).map(([member, own]) => [member, describedOf(member, own)] as const)
  return {
    ...schema,
    description: DESCRIBED[name] ?? description,
    ...(properties !== undefined && { properties: Object.fromEntries(members) }),
  }
}
