#!/usr/bin/env node
// Plain JavaScript that any Node understands, so that one which is too old can say so instead of failing to parse.
const NODE_MIN = [24, 16]

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1])) {
  process.stderr.write(
    `todo-backend needs Node ${NODE_MIN.join('.')} or newer and this is ${process.versions.node}: run npm ci, which brings its own, and then npm start\n`,
  )
  process.exit(1)
}
const { main } = await import('../src/cli.ts')
await main(process.argv.slice(2))
