import { openDatabase } from '../db/database.ts'
import { Problem, StartError } from '../errors.ts'
import type { CommandContext } from '../feature.ts'
import { openFernet } from '../lib/fernet.ts'
import { rotate, verify, type Progress, type RotationOptions } from './rotation.ts'

type Print = CommandContext['print']

const COMMANDS: Readonly<Record<string, (options: RotationOptions) => Promise<Progress>>> = { rotate, verify }

/**
 * Runs `vault rotate` or `vault verify`. Exit status 1 when there is a row that no encryption key opens.
 *
 * @throws StartError for unknown arguments, and if the database is unavailable
 */
export async function runVaultCommand(
  [action, ...surplus]: readonly string[],
  { load, print, openLog, sealed: columns }: CommandContext,
): Promise<void> {
  const command = action !== undefined && Object.hasOwn(COMMANDS, action) ? COMMANDS[action] : undefined
  if (command === undefined || surplus.length > 0)
    throw new StartError('the vault commands are vault rotate and vault verify')
  const config = load()
  const { encryptionKeys } = config
  await using db = await openDatabase(config, openLog(config), { migrate: false })
  try {
    const onProgress = ({ seen, rotated }: Progress): void =>
      print(action === 'rotate' ? `${seen} rows seen, ${rotated} re-encrypted` : `${seen} rows seen`)
    const outcome = await command({
      db,
      fernet: openFernet(encryptionKeys),
      keys: encryptionKeys.length,
      columns,
      onProgress,
    })
    report(outcome, print)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    throw new StartError('the database cannot be reached or is busy: run the command again to continue', {
      cause: error,
    })
  }
}

function report({ openedBy, unreadable, unreadableRows }: Progress, print: Print): void {
  for (const [index, rows] of openedBy.entries()) {
    print(`key ${index + 1} of ${openedBy.length}${index === 0 ? ' (encrypts)' : ''} opens ${rows} rows`)
  }
  if (unreadable === 0) return print('every row can be read')
  process.exitCode = 1
  print(`no key opens ${unreadable} rows, which were not changed:`)
  for (const { userId, name } of unreadableRows) print(`  ${name} of user ${userId}`)
  if (unreadable > unreadableRows.length) print(`  and ${unreadable - unreadableRows.length} more`)
}
