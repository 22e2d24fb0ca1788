import { stderr, stdin } from 'node:process'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'

/** The lines of an input that are not empty. @throws the reason of the signal */
export async function inputLines(
  input: AsyncIterable<Buffer | string>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  let text = ''
  for await (const piece of input) {
    signal.throwIfAborted()
    text += String(piece)
  }
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter(Boolean)
}

/** Asks on the terminal without showing what is typed, or takes the first line of another input. */
export async function readSecret(question: string, signal: AbortSignal): Promise<string> {
  if (!stdin.isTTY) return (await inputLines(stdin, signal))[0] ?? ''
  // readline edits the line as usual; what it would show is dropped. The terminal stops showing keys before the question invites them.
  const hidden = new Writable({ write: (_chunk, _encoding, done) => done() })
  const prompt = createInterface({ input: stdin, output: hidden, terminal: true })
  stderr.write(question)
  try {
    return (await prompt.question('', { signal })).trim()
  } finally {
    prompt.close()
    stderr.write('\n')
  }
}

/** @returns the answer, or the default for an empty one */
export async function ask(question: string, byDefault: string, signal: AbortSignal): Promise<string> {
  const prompt = createInterface({ input: stdin, output: stderr })
  try {
    return (await prompt.question(`${question} [${byDefault}]: `, { signal })).trim() || byDefault
  } finally {
    prompt.close()
  }
}
