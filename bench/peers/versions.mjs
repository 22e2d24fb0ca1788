/* oxlint-disable no-console, no-process-env */
import { readFileSync } from 'node:fs'

// Prints the installed dependencies of the Node peer in the working directory, one per line.
const versionOf = (manifest) => JSON.parse(readFileSync(manifest, 'utf8')).version
const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'))

console.log(`node ${process.versions.node}`)
for (const name of Object.keys(dependencies)) console.log(`${name} ${versionOf(`node_modules/${name}/package.json`)}`)
