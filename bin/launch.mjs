// Plain JavaScript that any Node understands, so that one which is too old can say so instead of failing to parse.
import { existsSync } from 'node:fs'
import module from 'node:module'
import { fileURLToPath } from 'node:url'

// `engines` in package.json says the same.
const NODE_MIN = [26, 0]
const DEPENDENCIES = fileURLToPath(new URL('../node_modules', import.meta.url))

/**
 * Runs `main` of a module with the arguments of the process.
 *
 * @param {string} program its name in messages
 * @param {string} entry the module, a path from the root of the project without its extension
 */
export async function launch(program, entry) {
  const refuse = (why) => {
    process.stderr.write(`${program}: ${why}\n`)
    process.exitCode = 1
  }
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1])) {
    refuse(
      `needs Node ${NODE_MIN.join('.')} or newer and this is ${process.versions.node}: run npm ci, which brings its own (unless with --ignore-scripts or --omit=dev), and then npm start`,
    )
    return
  }
  if (existsSync(DEPENDENCIES)) {
    // A later start is half a second faster. In a directory that npm ci removes, and that only its owner can write.
    module.enableCompileCache(`${DEPENDENCIES}/.cache/node-compile-cache`)
  }
  try {
    // The package has only what the build made: Node strips no types under node_modules.
    const source = new URL(`../${entry}.ts`, import.meta.url)
    const { main } = await import(existsSync(source) ? source : new URL(`../dist/${entry}.js`, import.meta.url))
    await main(process.argv.slice(2))
  } catch (error) {
    const [, missing] = /^Cannot find package '([^']+)'/.exec(error.message) || []
    if (error.code !== 'ERR_MODULE_NOT_FOUND' || missing === undefined) throw error
    refuse(`the package ${missing} is not installed: run npm ci first`)
  }
}
