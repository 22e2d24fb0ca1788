import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Command, LoadResult, Plan, Report } from './load.ts'
import type { Person } from './rows.ts'

export interface Watch {
  /** Called at the end of the warm-up. */
  readonly onBegin?: () => void
  readonly onProgress?: (requests: number) => void
}

/** The process that generates the load. */
export interface Generator extends Disposable {
  run(plan: Plan, watch?: Watch): Promise<LoadResult>
}

export function openGenerator(people: readonly (readonly Person[])[]): Generator {
  const child = fork(fileURLToPath(new URL('load.ts', import.meta.url)))
  const send = (command: Command): void => void child.send(command)
  send({ kind: 'people', people })
  return {
    run: (plan, { onBegin, onProgress } = {}) =>
      new Promise((resolve, reject) => {
        const onExit = (): void => reject(new Error('the load generator ended'))
        const onMessage = (report: Report): void => {
          if (report.kind === 'begin') onBegin?.()
          else if (report.kind === 'progress') onProgress?.(report.requests)
          else {
            child.off('exit', onExit).off('message', onMessage)
            resolve(report.result)
          }
        }
        child.once('exit', onExit).on('message', onMessage)
        send({ kind: 'run', plan })
      }),
    [Symbol.dispose]: () => void child.kill(),
  }
}
