import { GENERATORS } from './generators.ts'
import { findMissing, isInstalled } from './workshop.ts'

/** Prints for .ci/run how many minutes the tests may take: few when all that comes from the registries is cached. */
const isCached = GENERATORS.every((generator) => findMissing(generator) !== undefined || isInstalled(generator))
process.stdout.write(isCached ? '15' : '30')
