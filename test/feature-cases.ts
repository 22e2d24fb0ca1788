import { globSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Scope } from '../src/principal.ts'
import type { Attack } from './attacks/scene.ts'
import type { Expected } from './plans.ts'
import type { Answer, Asking, User, World } from './world.ts'

/** A request that writes. */
export interface WriteRequest {
  readonly path: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** Sends a request as the user of the test. */
export type Ask = (method: string, request: WriteRequest, key?: string) => Promise<Answer>

/** SQL as the owner, for what no request can prepare. */
export type AsOwner = World['asOwner']

/** A server outside the service that the requests of a feature need. */
export interface Surroundings extends AsyncDisposable {
  /** The variables with which the service uses it. */
  readonly env: Readonly<Record<string, string>>
  /** How many requests it got. */
  count(this: void): number
}

/**
 * What a feature adds to the tests that go through all routes. `src/<feature>/cases.testing.ts` exports it as `cases`, so that a feature
 * is deleted with its folder.
 */
export interface FeatureCases {
  /** A value for each path parameter of the feature's own. */
  readonly parameters?: Readonly<Record<string, string>>
  open?(this: void): Promise<Surroundings>
  /** For each route that writes: a request whose repetition would be noticed, by another answer or another state. */
  writes?(this: void, ask: Ask, asOwner: AsOwner): Readonly<Record<string, () => Promise<WriteRequest>>>
  /** For such a route: removes from an answer what only the first answer shows, or what is random. */
  readonly masks?: Readonly<Record<string, (text: string) => string>>
  /** Requests with answers that `test/documented.test.ts` cannot get by itself. */
  documented?(this: void, ada: User): readonly (readonly [method: string, path: string, asking: Asking])[]
  /**
   * Credentials of the feature that are sent as a bearer and limited to scopes, by their kind: makes one for the user, with one scope.
   */
  readonly bearers?: Readonly<Record<string, (this: void, world: World, user: User, scope: Scope) => Promise<string>>>
  readonly plans?: {
    /** Whose indexes are dropped and made again. */
    readonly tables: readonly string[]
    /** Statements that fill them for all users, after tasks. */
    readonly fill: string
    readonly operations: Readonly<Record<string, Expected>>
  }
  /** By subject, as in `test/attacks/`. */
  readonly attacks?: Readonly<Record<string, readonly Attack[]>>
}

const ROOT = fileURLToPath(new URL('..', import.meta.url))

export const FEATURE_CASES: readonly FeatureCases[] = await Promise.all(
  globSync('src/*/cases.testing.ts', { cwd: ROOT })
    .sort()
    .map(async (file) => {
      // The name of the export and its type are the convention of these files.
      const { cases } = (await import(pathToFileURL(join(ROOT, file)).href)) as { readonly cases: FeatureCases }
      return cases
    }),
)

const PARAMETERS: Readonly<Record<string, string>> = Object.assign({}, ...FEATURE_CASES.map((each) => each.parameters))

const MASKS: Readonly<Record<string, (text: string) => string>> = Object.assign(
  {},
  ...FEATURE_CASES.map(({ masks }) => masks),
)

/** An answer without what a repetition or a dry run of the request does not have in common with it. @param write as in `writes` */
export const maskedAnswer = (write: string, text: string): string => MASKS[write]?.(text) ?? text

/** A path in which each parameter of a feature has a value for which there is something. */
export const withParameters = (path: string): string =>
  path.replaceAll(/\{(\w+)\}/g, (whole, name: string) => PARAMETERS[name] ?? whole)
