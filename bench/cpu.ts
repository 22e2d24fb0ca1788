import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { redisInfo, withClient } from './servers.ts'

/** CPU times in microseconds since the processes began, as Linux counts them: in steps of a clock tick, 10 ms. */
export interface CpuTimes {
  readonly server: number
  readonly postgres: number
  readonly redis: number
}

const TICK_MICROS = 1_000_000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

interface Stat {
  readonly parent: number
  readonly ownTicks: number
  /** CPU time of children that have ended and were waited for. */
  readonly childTicks: number
}

/** proc(5): "pid (name) state ppid …"; the name may contain any characters. */
function statOf(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const field = (number: number): number => Number(fields[number - 3])
    return { parent: field(4), ownTicks: field(14) + field(15), childTicks: field(16) + field(17) }
  } catch {
    return undefined // the process has ended meanwhile
  }
}

/** CPU time of a process and all its descendants. */
function treeMicros(root: number): number {
  const stats = new Map<number, Stat>()
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? statOf(Number(name)) : undefined
    if (stat !== undefined) stats.set(Number(name), stat)
  }
  const descends = (pid: number): boolean => {
    for (let at = pid; at > 1; at = stats.get(at)?.parent ?? 0) if (at === root) return true
    return false
  }
  let ticks = 0
  for (const [pid, stat] of stats) if (descends(pid)) ticks += stat.ownTicks + stat.childTicks
  return ticks * TICK_MICROS
}

/** Times of all processors since boot, in clock ticks; time stolen by other guests counts as busy (proc(5), /proc/stat). */
export function processorTicks(): { readonly busy: number; readonly all: number } {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n', 1)
  // cpu user nice system idle iowait irq softirq steal; guest time is included in user.
  const ticks = line.split(/ +/).slice(1, 9).map(Number)
  const all = ticks.reduce((sum, each) => sum + each, 0)
  const [, , , idle = 0, waiting = 0] = ticks
  return { busy: all - idle - waiting, all }
}

/** Resident memory of one process, in bytes. */
export function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
}

/** The parent of all processes of PostgreSQL if the server is on this machine; it is found through one of its backends. */
export async function postmasterOf(databaseUrl: string): Promise<number | undefined> {
  const pid = await withClient(databaseUrl, async (client) => {
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
    const backend = rows[0]?.pid ?? 0
    return nameOf(backend).startsWith('postgres') ? statOf(backend)?.parent : undefined
  })
  return pid
}

function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8')
  } catch {
    return ''
  }
}

/** NaN for a server on another machine. */
export async function readCpu(serverPid: number, postmaster: number | undefined, redisUrl: string): Promise<CpuTimes> {
  const [server, postgres] = [treeMicros(serverPid), postmaster === undefined ? NaN : treeMicros(postmaster)]
  const redis = await redisInfo(redisUrl, 'cpu')
  const seconds = (name: string): number => Number(redis.get(name))
  return { server, postgres, redis: (seconds('used_cpu_user') + seconds('used_cpu_sys')) * 1_000_000 }
}
