import type { HeadersOptions, ParamsOption, RequestBodyOption } from 'openapi-fetch'
import type { components, paths } from './schema.ts'

/** The parameters and results of calls, derived from the types of the OpenAPI document. */

export type Task = components['schemas']['Task']
export type TaskCreate = components['schemas']['TaskCreate']
export type TaskPatch = components['schemas']['TaskPatch']
export type TaskField = keyof Task
export type Change = components['schemas']['Change']

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'

/** The paths under `/api` with this method, without the routes for load balancers and monitoring. */
export type PathWith<M extends Method> = {
  [Path in keyof paths]: Path extends `/api/${string}` ? (paths[Path] extends Record<M, object> ? Path : never) : never
}[keyof paths]

/** `never` if the path has no query parameters. */
type QueryOf<Path extends PathWith<'get'>> = paths[Path]['get'] extends { parameters: { query?: infer Query } }
  ? NonNullable<Query>
  : never
/** `never` has every key. */
type Has<Shape, Key extends string> = [Shape] extends [never] ? false : Key extends keyof Shape ? true : false

/** The lists with pages, whose paths accept a cursor. */
export type PagedPath = {
  [Path in PathWith<'get'>]: Has<QueryOf<Path>, 'cursor'> extends true ? Path : never
}[PathWith<'get'>]

interface CallOptions {
  readonly headers?: HeadersOptions
  /** Aborts the call at any point; it then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

type Operation<Path extends keyof paths, M extends Method> = NonNullable<paths[Path][M]>
type AnyInit<Path extends keyof paths, M extends Method> = CallOptions &
  ParamsOption<Operation<Path, M>> &
  RequestBodyOption<Operation<Path, M>>

/** Parameters that change the type of the answer have overloads of their own below, so that each answer has its exact type. */
interface Plain {
  readonly params?: {
    readonly query?: { readonly fields?: never }
    readonly header?: { readonly 'if-none-match'?: never }
  }
}
export type Init<Path extends keyof paths, M extends Method> = AnyInit<Path, M> & (M extends 'get' ? Plain : unknown)

/** May be omitted if none of its members is required. */
export type InitArgument<Path extends keyof paths, M extends Method> =
  object extends Init<Path, M> ? [init?: Init<Path, M>] : [init: Init<Path, M>]

/** Only these members of each task. If the names are known only at run time, every member is optional. */
export type InitWithFields<Field extends TaskField> = AnyInit<'/api/tasks', 'get'> & {
  readonly params: { readonly query: { readonly fields: readonly Field[] } }
}
export type TaskWith<Field extends TaskField> = TaskField extends Field ? Partial<Task> : Pick<Task, Field>

export type InitIfNoneMatch = AnyInit<'/api/tasks/{id}', 'get'> & {
  readonly params: { readonly header: { readonly 'if-none-match': string } }
}

export interface Answer<Data> {
  readonly data: Data
  readonly response: Response
}

type Responses<Path extends keyof paths, M extends Method> =
  Operation<Path, M> extends { responses: infer Statuses } ? Statuses : never
type ContentOf<Reply> = Reply extends { content: { 'application/json': infer Content } } ? Content : undefined
type Succeeded<Path extends keyof paths, M extends Method> = {
  [Status in keyof Responses<Path, M> & (200 | 201 | 204)]: ContentOf<Responses<Path, M>[Status]>
}[keyof Responses<Path, M> & (200 | 201 | 204)]

export type DataOf<Path extends keyof paths, M extends Method> = Path extends '/api/tasks'
  ? M extends 'get'
    ? Task[]
    : Succeeded<Path, M>
  : Succeeded<Path, M>

export type ItemOf<Path extends PagedPath> = DataOf<Path, 'get'> extends readonly (infer Item)[] ? Item : never

/** @throws ProblemError for every refusal; the error of `fetch` if there is no answer; the reason of the signal */
export type Call<M extends Method> = <Path extends PathWith<M>>(
  path: Path,
  ...init: InitArgument<Path, M>
) => Promise<Answer<DataOf<Path, M>>>

/** @throws as `Call` */
export interface Get extends Call<'get'> {
  <Field extends TaskField>(path: '/api/tasks', init: InitWithFields<Field>): Promise<Answer<TaskWith<Field>[]>>
  /** Undefined, with status 304, if the task still has the version of the caller. */
  (path: '/api/tasks/{id}', init: InitIfNoneMatch): Promise<Answer<Task | undefined>>
}

export interface Page<Item> {
  readonly items: Item[]
  /** The number of items on all pages: with `count: true`, and otherwise only on a first page that is also the last. */
  readonly total: number | undefined
  /** Where the next page begins; undefined on the last. Only the last page of changes has one, for later changes. */
  readonly nextCursor: string | undefined
}

/** Requests each page when it is used. @throws as `Call` */
export interface Pages {
  <Path extends PagedPath>(path: Path, ...init: InitArgument<Path, 'get'>): AsyncGenerator<Page<ItemOf<Path>>, void>
  <Field extends TaskField>(
    path: '/api/tasks',
    init: InitWithFields<Field>,
  ): AsyncGenerator<Page<TaskWith<Field>>, void>
}

/** The items of all pages, one after another. @throws as `Call` */
export interface Items {
  <Path extends PagedPath>(path: Path, ...init: InitArgument<Path, 'get'>): AsyncGenerator<ItemOf<Path>, void>
  <Field extends TaskField>(path: '/api/tasks', init: InitWithFields<Field>): AsyncGenerator<TaskWith<Field>, void>
}
