import { CREDENTIAL_ATTACKS } from './credentials.ts'
import { FEATURE_CASES } from '../feature-cases.ts'
import { INPUT_ATTACKS } from './input.ts'
import { PAGE_ATTACKS } from './pages.ts'
import type { Attack } from './scene.ts'
import { SLOW_ATTACKS, SLOW_EXPECTED } from './slow.ts'
import { SMUGGLING_ATTACKS } from './smuggling.ts'
import { WIRE_ATTACKS } from './wire.ts'

/** The attacks by subject. Those of a feature follow the others of their subject, and its own subjects follow the others. */
const OWN: Readonly<Record<string, readonly Attack[]>> = {
  ...CREDENTIAL_ATTACKS,
  ...PAGE_ATTACKS,
  ...SMUGGLING_ATTACKS,
  ...WIRE_ATTACKS,
  ...INPUT_ATTACKS,
}

const ofFeatures = (subject: string): readonly Attack[] =>
  FEATURE_CASES.flatMap(({ attacks }) => attacks?.[subject] ?? [])

const SUBJECTS = new Set([...Object.keys(OWN), ...FEATURE_CASES.flatMap(({ attacks }) => Object.keys(attacks ?? {}))])

export const ATTACKS: Readonly<Record<string, readonly Attack[]>> = Object.fromEntries(
  [...SUBJECTS].map((subject) => [subject, [...(OWN[subject] ?? []), ...ofFeatures(subject)]]),
)

const expectationOf = ({ expected: [status, code] }: Attack): string =>
  code === undefined ? `${status}, without effect` : `${status} ${code}`

export const titleOf = (attack: Attack): string => `${attack.name}: ${expectationOf(attack)}`

const INTRODUCTION = `## Tested attacks

Each row is a test of this name in \`test/attacks.test.ts\`, sent as raw bytes to a running service. In addition to the listed answer,
each test checks that the refusal has the standard form and the security headers, that the answer does not repeat what was sent, that no
row of any table has changed, and that no client or database connection remains open. "Without effect" means that the answer is the
same as if the harmful part had been left out.
`

/** The expected section of SECURITY.md. */
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

/** Escapes characters that are special in Markdown. */
const verbatim = (text: string): string => text.replaceAll(/[\\`*_<>[\]|]/g, (character) => `\\${character}`)
