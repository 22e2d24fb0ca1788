/** Where a command says what it does: lines are its result, and progress is for whoever watches. */
export interface Output {
  line(text: string): void
  progress(text: string): void
}

/** Where nobody watches a line that changes. */
const PROGRESS_INTERVAL_MS = 5_000

const CLEAR_LINE = '\r\x1b[K'

/** Results on standard output; progress on standard error, in one line that changes, or, in a file, in a line now and then. */
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
