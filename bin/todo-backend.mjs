#!/usr/bin/env node
// Plain JavaScript that any Node understands, so that one which is too old can say so instead of failing to parse.
import { existsSync } from 'node:fs'
import module from 'node:module'
import { fileURLToPath } from 'node:url'

// `engines` in package.json says the same.
const NODE_MIN = [26, 0]
const DEPENDENCIES = fileURLToPath(new URL('../node_modules', import.meta.url))

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1])) {
  refuse(
    `needs Node ${NODE_MIN.join('.')} or newer and this is ${process.versions.node}: run npm ci, which brings its own (unless with --ignore-scripts or --omit=dev), and then npm start`,
  )
} else {
  await start()
}

async function start() {
  if (existsSync(DEPENDENCIES)) {
    // A later start is half a second faster. In a directory that npm ci removes, and that only its owner can write.
    module.enableCompileCache(`${DEPENDENCIES}/.cache/node-compile-cache`)
  }
  try {
    // The package has only what the build made: Node strips no types under node_modules.
    const entry = existsSync(new URL('../src/cli.ts', import.meta.url)) ? '../src/cli.ts' : '../dist/src/cli.js'
    const { main } = await import(entry)
    await main(process.argv.slice(2))
  } catch (error) {
    const [, missing] = /^Cannot find package '([^']+)'/.exec(error.message) || []
    if (error.code !== 'ERR_MODULE_NOT_FOUND' || missing === undefined) throw error
    refuse(`the package ${missing} is not installed: run npm ci first`)
  }
}

function refuse(why) {
  process.stderr.write(`todo-backend: ${why}\n`)
  process.exitCode = 1
}
