/** The output of a command: lines are its result; progress is for a person who is watching. */
export interface Output {
  line(text: string): void
  progress(text: string): void
}

/** The interval of progress lines if standard error is not a terminal. */
const PROGRESS_INTERVAL_MS = 5_000

const CLEAR_LINE = '\r\x1b[K'

/** Results go to standard output. Progress goes to standard error: in one changing line on a terminal, else in occasional lines. */
export function openOutput(): Output & Disposable {
  const { stdout, stderr } = process
  const isWatched = stderr.isTTY
  let saidAtMs = performance.now()
  let isShown = false
  const clear = (): void => {
    if (isShown) stderr.write(CLEAR_LINE)
    isShown = false
  }
  return {
    line: (text) => {
      clear()
      stdout.write(`${text}\n`)
    },
    progress: (text) => {
      if (isWatched) {
        stderr.write(`${CLEAR_LINE}${text}`)
        isShown = true
      } else if (performance.now() - saidAtMs > PROGRESS_INTERVAL_MS) {
        saidAtMs = performance.now()
        stderr.write(`${text}\n`)
      }
    },
    [Symbol.dispose]: clear,
  }
}
