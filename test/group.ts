import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * A test file that executes several others in its process, each as a suite, so that the hooks of a file are for its own tests only. With
 * `--test-isolation=none` they would be for the tests of all files.
 *
 * @param files paths from `root`, the folder of the project
 * @returns the text of a module
 */
export function groupOf(files: readonly string[], root: string): string {
  const suites = files.map((file) => {
    const url = pathToFileURL(join(root, file)).href
    return `suite(${JSON.stringify(file)}, async () => void (await import(${JSON.stringify(url)})))\n`
  })
  return `import { suite } from 'node:test'\n${suites.join('')}`
}
