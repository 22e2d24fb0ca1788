import { randomBytes, randomUUID } from 'node:crypto'
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { StartError } from '../errors.ts'
import { makeDirectory } from '../lib/directory.ts'
import { errorCode, fileErrorReason } from '../lib/file-errors.ts'
import type { EnvReader } from '../lib/env-reader.ts'
import { FERNET_KEY_RECIPE, fernetKeyBytes, fernetKeyText, Secret, SECRET_RECIPE, shortcoming } from '../lib/secret.ts'

/** The variables for which a missing value is generated outside production. */
export const DEVELOPMENT_SECRETS = [
  'SESSION_HASH_SECRET',
  'SERVICE_AUTH_TOKEN',
  'ENCRYPTION_KEY',
  'BETTER_AUTH_SECRET',
] as const

export type DevelopmentSecretName = (typeof DEVELOPMENT_SECRETS)[number]
export type DevelopmentSecrets = Readonly<Record<DevelopmentSecretName, Secret>>

/**
 * The secrets in `<dataDir>/secrets.json` (mode 0600), which the first process creates. They persist, or every restart would
 * invalidate all sessions, services and stored provider keys. An incomplete file is never replaced: it may hold the only key that
 * decrypts stored data.
 */
export function developmentSecrets(dataDir: string): DevelopmentSecrets {
  const path = join(dataDir, 'secrets.json')
  const text = readIfThere(path) ?? createOnce(path, dataDir)
  return parse(text, path)
}

/** Like {@link developmentSecrets}, but without a file it returns new secrets and does not store them. */
export function existingSecrets(dataDir: string): DevelopmentSecrets {
  const path = join(dataDir, 'secrets.json')
  return parse(readIfThere(path) ?? JSON.stringify(generate()), path)
}

/** Fills each required variable that is unset with a value of `make`; in production an unset one is a mistake. */
export function fillSecrets(
  reader: Pick<EnvReader<DevelopmentSecretName>, 'has' | 'fill' | 'mistake' | 'line'>,
  required: readonly DevelopmentSecretName[],
  production: boolean,
  make: () => DevelopmentSecrets,
): void {
  const missing = required.filter((name) => !reader.has(name))
  if (production) {
    for (const name of missing) {
      const recipe = name === 'ENCRYPTION_KEY' ? FERNET_KEY_RECIPE : SECRET_RECIPE
      reader.mistake(name, `is required in production: generate one with \`${recipe}\``)
    }
  } else if (missing.length > 0) {
    try {
      const made = make()
      for (const name of missing) reader.fill(name, made[name].reveal())
    } catch (error) {
      if (!(error instanceof StartError)) throw error
      reader.line(error.message)
    }
  }
}

/** Creates the data directory if it does not exist. */
export function makeDataDir(dataDir: string): void {
  orStartError(dataDir, () => makeDirectory(dataDir))
}

function readIfThere(path: string): string | undefined {
  return orStartError(path, () => {
    try {
      return readFileSync(path, 'utf8')
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined
      throw error
    }
  })
}

/**
 * A hard link is created atomically, with the whole content, and only if the name is free. So if two processes start at once, one
 * creates the file, and both read it.
 */
function createOnce(path: string, dataDir: string): string {
  makeDataDir(dataDir)
  const draft = `${path}.${randomUUID()}`
  return orStartError(path, () => {
    try {
      writeFileSync(draft, `${JSON.stringify(generate(), null, 2)}\n`, { flag: 'wx', mode: 0o600, flush: true })
      linkSync(draft, path)
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error
    } finally {
      rmSync(draft, { force: true })
    }
    return readFileSync(path, 'utf8')
  })
}

function generate(): Record<DevelopmentSecretName, string> {
  const secret = (): string => randomBytes(32).toString('base64url')
  return {
    SESSION_HASH_SECRET: secret(),
    SERVICE_AUTH_TOKEN: secret(),
    ENCRYPTION_KEY: fernetKeyText(randomBytes(32)),
    BETTER_AUTH_SECRET: secret(),
  }
}

function parse(text: string, path: string): DevelopmentSecrets {
  const stored = parseJson(text)
  const read = (name: DevelopmentSecretName): Secret => {
    const value = stored[name]
    const usable = typeof value === 'string' && shortcoming(value) === undefined
    if (!usable || (name === 'ENCRYPTION_KEY' && fernetKeyBytes(value) === undefined)) {
      throw new StartError(
        `DATA_DIR: ${path} holds no usable ${name}; restore the file, or delete it to start with new secrets (sessions and stored provider keys are lost with it)`,
      )
    }
    return new Secret(value)
  }
  return {
    SESSION_HASH_SECRET: read('SESSION_HASH_SECRET'),
    SERVICE_AUTH_TOKEN: read('SERVICE_AUTH_TOKEN'),
    ENCRYPTION_KEY: read('ENCRYPTION_KEY'),
    BETTER_AUTH_SECRET: read('BETTER_AUTH_SECRET'),
  }
}

/** The members of the file; none if it is not a JSON object, in which case `parse` reports the first as missing. */
function parseJson(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}

function orStartError<T>(path: string, action: () => T): T {
  try {
    return action()
  } catch (cause) {
    throw new StartError(
      `DATA_DIR: cannot use ${path}: ${fileErrorReason(cause)}; allow this user to read and write there, or set DATA_DIR to a directory where it may`,
      { cause },
    )
  }
}
