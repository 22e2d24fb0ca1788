import { CREDENTIAL_ATTACKS } from './credentials.ts'
import { INPUT_ATTACKS } from './input.ts'
import { PAGE_ATTACKS } from './pages.ts'
import type { Attack } from './scene.ts'
import { SLOW_ATTACKS, SLOW_EXPECTED } from './slow.ts'
import { SMUGGLING_ATTACKS } from './smuggling.ts'
import { WIRE_ATTACKS } from './wire.ts'

/** By what they are after. */
export const ATTACKS: Readonly<Record<string, readonly Attack[]>> = {
  ...CREDENTIAL_ATTACKS,
  ...PAGE_ATTACKS,
  ...SMUGGLING_ATTACKS,
  ...WIRE_ATTACKS,
  ...INPUT_ATTACKS,
}

const expectationOf = ({ expected: [status, code] }: Attack): string =>
  code === undefined ? `${status}, and nothing comes of it` : `${status} ${code}`

export const titleOf = (attack: Attack): string => `${attack.name}: ${expectationOf(attack)}`

const INTRODUCTION = `## Attacks that are tried

Each is a test of this name in \`test/attacks.test.ts\`, sent as raw bytes to a running service. Besides what is listed, each
asserts the one shape of a refusal, the security headers, that nothing of what was sent comes back, that no row of any table
has changed, and that neither a connection of a client nor one to the database is held. "Nothing comes of it" is an answer as
if the harmful part had not been there.
`

/** The section of SECURITY.md, as it has to be. */
export function sectionOfAttacks(): string {
  const rows = (attacks: readonly (readonly [name: string, expected: string])[]): string =>
    attacks.map(([name, expected]) => `| ${verbatim(name)} | ${verbatim(expected)} |\n`).join('')
  const subjects = Object.entries(ATTACKS).map(
    ([subject, attacks]) => [subject, rows(attacks.map((attack) => [attack.name, expectationOf(attack)]))] as const,
  )
  const slow = ['Slowness', rows(SLOW_ATTACKS.map(({ name }) => [name, SLOW_EXPECTED]))] as const
  const tables = [...subjects, slow].map(
    ([subject, text]) => `\n### ${subject}\n\n| Attack | Answer |\n|---|---|\n${text}`,
  )
  return `${INTRODUCTION}${tables.join('')}\n`
}

/** Without what Markdown would take for its own. */
const verbatim = (text: string): string => text.replaceAll(/[\\`*_<>[\]|]/g, (character) => `\\${character}`)
