import { watch } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

/** A change is complete after this time without events: editors write a file in several steps, and a checkout writes many files. */
const QUIET_MS = 25

export interface Change {
  /** Relative to the root of the code; `.env` is relative to the working directory. */
  readonly files: readonly string[]
  /** The time of the first event, by `performance.now()`. */
  readonly atMs: number
}

export interface Watch extends Disposable {
  /** The next change, or the one since the last call. */
  next(): Promise<Change>
}

/** Watches code, migrations, packages, and the `.env` of the working directory. */
export function watchCode(root: string, workingDirectory: string): Watch {
  const files = new Set<string>()
  let events = 0
  let atMs = 0
  let noticed = Promise.withResolvers<void>()
  const notice = (file: string): void => {
    if (files.size === 0) atMs = performance.now()
    files.add(file)
    events += 1
    noticed.resolve()
  }
  const inTree = (name: string, isPart: RegExp) =>
    watch(join(root, name), { recursive: true }, (_, file) => {
      if (file !== null && isPart.test(file)) notice(join(name, file))
    })
  const watchers = [
    inTree('src', /(?<!\.test)\.ts$/),
    inTree('migrations', /\.sql$/),
    watch(root, (_, file) => void (file === 'package-lock.json' && notice(file))),
    watch(workingDirectory, (_, file) => void (file === '.env' && notice(file))),
  ]
  return {
    next: async () => {
      await noticed.promise
      for (let seen = -1; seen !== events; await setTimeout(QUIET_MS)) seen = events
      noticed = Promise.withResolvers<void>()
      const change = { files: [...files], atMs }
      files.clear()
      return change
    },
    [Symbol.dispose]: () => watchers.forEach((watcher) => watcher.close()),
  }
}
