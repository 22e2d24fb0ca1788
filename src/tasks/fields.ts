import { Type, type TOptional, type TSchema } from 'typebox'
import { Instant, Nullable, UserId, Uuid } from '../http/wire.ts'
import {
  DESCRIPTION_LENGTH_MAX,
  DueDate,
  Priority,
  Reminders,
  Status,
  TAG_LENGTH_MAX,
  Tags,
  TAGS_MAX,
  TimeZone,
  Title,
  TITLE_LENGTH_MAX,
  TITLE_WORDS,
} from './field-schemas.ts'
import { COMPLETIONS, LAST_COMPLETED_AT, OCCURRENCE, RECURRENCE, RECURRENCE_TO_SET } from './recurrence/schema.ts'

export { PRIORITIES, STATUSES, TAG_LENGTH_MAX } from './field-schemas.ts'

/** A filter by a parameter of its own: the operator that compares the column with it. */
interface Comparison {
  readonly operator: '<' | '>' | '>='
  readonly description: string
}

/** One member of a task: its column, and what clients can do with it. */
interface TaskField {
  readonly column: string
  /** The SQL type of the column, to which parameters are cast; `text` for a varchar. */
  readonly type: 'uuid' | 'text' | 'text[]' | 'integer' | 'timestamptz(3)' | 'jsonb' | 'task_status' | 'task_priority'
  readonly isNullable?: true
  /** For a member that is kept in several columns: how its text, a parameter, becomes the value of each. */
  readonly columns?: Readonly<Record<string, (text: string) => string>>
  /** SQL for the member as JSON text, if it is not that of the column. */
  readonly json?: string
  /** The schema of the member in answers. */
  readonly answer: TSchema
  readonly example: unknown
  /** The schema of the member in creations and patches; if absent, only the service sets the field. */
  readonly write?: TSchema
  /** The schema of the member in patches, if it differs. Null means the default. */
  readonly patch?: TSchema
  /** The service alone sets the field, and an undo, or a restoration from the trash, sets it back. */
  readonly isKept?: true
  /** The value that a creation without the field gets; without it the field is required. */
  readonly default?: unknown
  /** A list can be sorted by it: by the column, or by this expression with its type. */
  readonly sort?: true | { readonly expression: string; readonly type: string }
  /** A list can be filtered by one or several of its values. */
  readonly anyOf?: object
  /** A list can be filtered by comparisons with it, by name of the parameter. */
  readonly comparisons?: Readonly<Record<string, Comparison>>
}

const ANY_OF = 'One or more of these values, separated by commas or as a repeated parameter'

/**
 * The fields of a task, in the order of its JSON. Schemas, select lists, inserts, patches, filters and orders derive from this table; a
 * test compares it with the database, whose todo_task_json() builds the JSON.
 */
export const TASK_FIELDS = {
  id: {
    column: 'id',
    type: 'uuid',
    answer: Uuid,
    example: '019b6051-3a80-7c4e-9d3b-5f0c2f7f6a11',
  },
  title: {
    column: 'title',
    type: 'text',
    answer: Type.String({ maxLength: TITLE_LENGTH_MAX }),
    example: 'Buy milk',
    write: Title,
    sort: { expression: TITLE_WORDS, type: 'text' },
  },
  description: {
    column: 'description',
    type: 'text',
    isNullable: true,
    answer: Nullable(Type.String({ maxLength: DESCRIPTION_LENGTH_MAX })),
    example: null,
    write: Nullable(Type.String({ maxLength: DESCRIPTION_LENGTH_MAX, format: 'text' })),
    default: null,
  },
  status: {
    column: 'status',
    type: 'task_status',
    answer: Status,
    example: 'TODO',
    write: Status,
    default: 'TODO',
    sort: true,
    anyOf: { description: ANY_OF, examples: [['TODO', 'IN_PROGRESS']] },
  },
  priority: {
    column: 'priority',
    type: 'task_priority',
    answer: Priority,
    example: 'MEDIUM',
    write: Priority,
    default: 'MEDIUM',
    sort: true,
    anyOf: { description: ANY_OF, examples: [['URGENT', 'HIGH']] },
  },
  dueDate: {
    column: 'due_date',
    type: 'timestamptz(3)',
    isNullable: true,
    columns: { due_date: (text) => `todo_due_date(${text})`, due_day: (text) => `todo_due_day(${text})` },
    json: 'todo_due_json(due_date, due_day)',
    answer: DueDate,
    example: '2025-12-27T17:00:00Z',
    write: DueDate,
    default: null,
    sort: true,
    comparisons: {
      dueBefore: {
        operator: '<',
        description:
          'Due before this instant, or before this day begins. A day is due at its end in the time zone. Write + as %2B',
      },
      dueAfter: { operator: '>', description: 'Due after this instant, or after this day is over' },
    },
  },
  tags: {
    column: 'tags',
    type: 'text[]',
    answer: Type.Array(Type.String({ maxLength: TAG_LENGTH_MAX }), { maxItems: TAGS_MAX }),
    example: ['home'],
    write: Tags,
    // Absent members are null to some generated clients, and a list of tags must not be lost for that.
    patch: Nullable({ ...Tags, description: 'In the order of the request; null means none' }),
    default: [],
  },
  userId: {
    column: 'user_id',
    type: 'text',
    answer: UserId,
    example: 'hT3kQ9v7Lw2TnB5rYzX8a1Pq4Wc6Vd0E',
  },
  createdAt: {
    column: 'created_at',
    type: 'timestamptz(3)',
    answer: Instant,
    example: '2025-12-20T09:30:00.250Z',
    sort: true,
    comparisons: {
      createdBefore: { operator: '<', description: 'Created before this instant' },
      createdAfter: { operator: '>', description: 'Created after this instant' },
    },
  },
  updatedAt: {
    column: 'updated_at',
    type: 'timestamptz(3)',
    answer: Instant,
    example: '2025-12-20T09:30:00.250Z',
    sort: true,
    comparisons: {
      updatedSince: {
        operator: '>=',
        description:
          'Changed at or after this instant. Not for keeping a copy: a change that is committed late can have an earlier updatedAt. GET /api/changes misses none',
      },
    },
  },
  completedAt: {
    column: 'completed_at',
    type: 'timestamptz(3)',
    isNullable: true,
    answer: Nullable(Instant),
    example: null,
  },
  version: {
    column: 'version',
    type: 'integer',
    answer: Type.Integer({ minimum: 1, description: 'Incremented by each change; the value of the ETag' }),
    example: 1,
  },
  timezone: {
    column: 'timezone',
    type: 'text',
    isNullable: true,
    answer: TimeZone,
    example: null,
    write: TimeZone,
    default: null,
  },
  recurrence: {
    column: 'recurrence',
    type: 'jsonb',
    isNullable: true,
    answer: RECURRENCE,
    example: null,
    write: RECURRENCE_TO_SET,
    default: null,
  },
  occurrence: {
    column: 'occurrence',
    type: 'jsonb',
    isNullable: true,
    answer: OCCURRENCE,
    example: null,
    isKept: true,
  },
  completions: {
    column: 'completions',
    type: 'integer',
    answer: COMPLETIONS,
    example: 0,
    isKept: true,
    default: 0,
  },
  lastCompletedAt: {
    column: 'last_completed_at',
    type: 'timestamptz(3)',
    isNullable: true,
    answer: LAST_COMPLETED_AT,
    example: null,
    isKept: true,
  },
  reminders: {
    column: 'reminders',
    type: 'jsonb',
    answer: Reminders,
    example: [],
    write: Reminders,
    patch: Nullable({ ...Reminders, description: 'null means none' }),
    default: [],
  },
} as const satisfies Readonly<Record<string, TaskField>>

type Table = typeof TASK_FIELDS
export type Field = keyof Table
/** The fields whose entry has this property. */
type Having<Member extends string> = { [F in Field]: Member extends keyof Table[F] ? F : never }[Field]

/** The fields that clients set, in creations and patches. */
export type ContentField = Having<'write'>
/** The fields that the service alone sets, and that an undo sets back. */
export type KeptField = Having<'isKept'>
export type SortField = Having<'sort'>
export type AnyOfField = Having<'anyOf'>
export type ComparisonName = { [F in Field]: Table[F] extends { comparisons: infer C } ? keyof C : never }[Field]

// Object.keys returns string[].
export const FIELDS = Object.keys(TASK_FIELDS) as readonly Field[]

/** The entry of a field, with the general type TaskField. */
export const fieldOf = (field: Field): TaskField => TASK_FIELDS[field]

/** The SQL type of a parameter with the value of a field. */
export const parameterTypeOf = ({ columns, type }: Pick<TaskField, 'columns' | 'type'>): string =>
  columns === undefined ? type : 'text'

/** The columns of a field, each with its value for a parameter of the type {@link parameterTypeOf}. */
export const columnsOf = (
  { column, columns = { [column]: (value) => value } }: Pick<TaskField, 'column' | 'columns'>,
  parameter: string,
): readonly (readonly [column: string, value: string])[] =>
  Object.entries(columns).map(([name, valueOf]) => [name, valueOf(parameter)])

const having = (member: keyof TaskField): readonly Field[] => FIELDS.filter((field) => member in TASK_FIELDS[field])

// `having` returns exactly the fields that each type names.
export const CONTENT = having('write') as readonly ContentField[]
export const KEPT = having('isKept') as readonly KeptField[]
export const SORTABLE = having('sort') as readonly SortField[]
export const ANY_OF_FIELDS = having('anyOf') as readonly AnyOfField[]

/** The comparisons of all fields, each with the column that it compares. */
export const COMPARISONS = Object.fromEntries(
  FIELDS.flatMap((field) => {
    const { column, type, answer, comparisons = {} } = fieldOf(field)
    return Object.entries(comparisons).map(([name, comparison]) => [name, { column, type, answer, ...comparison }])
  }),
) as Readonly<Record<ComparisonName, Comparison & Pick<TaskField, 'column' | 'type' | 'answer'>>> // the names are those of the table

type Answers = { [F in Field]: Table[F]['answer'] }
type Writes = {
  [F in ContentField]: Table[F] extends { default: unknown } ? TOptional<Table[F]['write']> : Table[F]['write']
}
type Patches = {
  [F in ContentField]: TOptional<Table[F] extends { patch: infer P extends TSchema } ? P : Table[F]['write']>
}

function propertiesOf(fields: readonly Field[], schemaOf: (field: TaskField) => TSchema | undefined): object {
  return Object.fromEntries(fields.map((field) => [field, schemaOf(fieldOf(field))]))
}

// Object.fromEntries loses which key has which schema; the types state what the functions do.
export const ANSWER_PROPERTIES = propertiesOf(FIELDS, ({ answer }) => answer) as Answers
export const CREATE_PROPERTIES = propertiesOf(CONTENT, ({ write, ...field }) =>
  write === undefined || !('default' in field) ? write : Type.Optional(write),
) as Writes
export const PATCH_PROPERTIES = propertiesOf(CONTENT, ({ write, patch = write }) =>
  patch === undefined ? patch : Type.Optional(patch),
) as Patches

export const EXAMPLE = Object.fromEntries(FIELDS.map((field) => [field, fieldOf(field).example]))
