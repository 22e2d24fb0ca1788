import type { World } from './world.ts'
import { until } from './faults/measures.ts'

/** The value of a series, which is written in the exposition format. */
export async function valueOf(world: World, series: string): Promise<number | undefined> {
  const { text } = await world.ask('GET', '/metrics')
  const line = text.split('\n').find((each) => each.startsWith(`${series} `))
  return line === undefined ? undefined : Number(line.slice(series.length + 1))
}

/** Waits until a series has a value: a request is counted after the client has the answer. */
export async function reaches(world: World, series: string, wanted: number): Promise<void> {
  let value: number | undefined
  const look = async (): Promise<boolean> => (value = await valueOf(world, series)) === wanted
  await until(`${series} is ${wanted}`, look).catch((error: unknown) => {
    throw new Error(`${series} is ${value}`, { cause: error })
  })
}

/** Waits until some work has added these amounts to series. */
export async function adds(
  world: World,
  amounts: Readonly<Record<string, number>>,
  work: () => Promise<unknown>,
): Promise<void> {
  const values = async (): Promise<readonly number[]> =>
    Promise.all(Object.keys(amounts).map(async (series) => (await valueOf(world, series)) ?? 0))
  const before = await values()
  await work()
  for (const [at, [series, amount]] of Object.entries(amounts).entries()) {
    await reaches(world, series, (before[at] ?? 0) + amount)
  }
}
