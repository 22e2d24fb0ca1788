/** The service and the user of a check, which test/adapters.test.ts gives. */
export const service = {
  baseUrl: String(process.env['TODO_URL']),
  auth: { token: String(process.env['TODO_TOKEN']) },
}

/** Prints what has been shown. */
export const step = (name: string): void => void process.stdout.write(`${name}\n`)

const DEADLINE_MS = 20_000

/** Waits for something that other libraries do in their own time. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const endsMs = performance.now() + DEADLINE_MS
  while (!(await holds())) {
    if (performance.now() > endsMs) throw new Error(`It was not so within ${DEADLINE_MS} ms: ${String(holds)}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
