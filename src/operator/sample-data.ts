import { PRIORITIES, STATUSES } from '../tasks/fields.ts'
import type { TaskCreate } from '../tasks/schema.ts'

/** A sample user with sample tasks. */
export interface Person {
  readonly name: string
  readonly email: string
  readonly tasks: readonly TaskCreate[]
}

const FIRST_NAMES = ['Ada', 'Amara', 'Bruno', 'Chiara', 'Dmitri', 'Elif', 'Farah', 'Grace', 'Hiro', 'Ines', 'Jakub', 'Keiko', 'Liam', 'Mei', 'Noor', 'Oskar', 'Priya', 'Quinn', 'Rosa', 'Sven', 'Tomás', 'Uma', 'Viktor', 'Wanjiru', 'Ximena', 'Yusuf', 'Zoë'] // prettier-ignore
const LAST_NAMES = ['Andersen', 'Baptiste', 'Chen', 'Díaz', 'Eriksson', 'Fischer', 'Garcia', 'Haddad', 'Ivanova', 'Jansen', 'Kowalski', 'Lovelace', 'Müller', 'Novák', 'Okafor', 'Petrov', 'Rossi', 'Sato', 'Tanaka', 'Weber', 'Yilmaz'] // prettier-ignore
const PEOPLE = [
  'Anna',
  'the landlord',
  'mum',
  'the dentist',
  'Kofi',
  'the bank',
  'Lena',
  'the insurance',
  'the new team',
]

/** `{a|b}` is one of the alternatives, `{n}` a small number, `{who}` a person. */
const KINDS: readonly { readonly tags: readonly string[]; readonly titles: readonly string[] }[] = [
  {
    tags: ['home'],
    titles: [
      'Water the {plants|tomatoes|orchid}',
      'Fix the {kitchen tap|bike|front door|radiator}',
      'Clean the {oven|windows|gutters|fridge}',
      'Take out the {bins|glass|cardboard}',
      'Descale the {kettle|coffee machine}',
    ],
  },
  {
    tags: ['errands', 'shopping'],
    titles: [
      'Buy {milk|bread|stamps|light bulbs|cat food|a birthday present}',
      'Pick up the {parcel|dry cleaning|prescription}',
      'Return the {library books|wrong shoes}',
    ],
  },
  {
    tags: ['work'],
    titles: [
      'Prepare the {quarterly report|demo|budget|interview} for {who}',
      'Review {n} pull requests',
      'Answer {who} about the {invoice|contract|schedule}',
      'Write the notes of the {planning|retrospective}',
      'Update the {roadmap|on-call list|onboarding page}',
    ],
  },
  {
    tags: ['people'],
    titles: ['Call {who}', 'Write to {who}', 'Plan dinner with {who}', 'Ask {who} for the keys'],
  },
  {
    tags: ['health'],
    titles: ['Run {n} km', 'Book a check-up', 'Swim for {n}0 minutes', 'Cook something with {lentils|spinach|beans}'],
  },
  {
    tags: ['money'],
    titles: [
      'Pay the {rent|electricity bill|phone bill}',
      'File the {tax return|receipts}',
      'Cancel the {gym|streaming} subscription',
    ],
  },
]
const NOTES = [
  'The sooner the better.',
  'Look up the opening hours first.',
  'Ask the others whether they want to come along.',
  'See last month for how it was done.',
  'Half an hour should do.',
  'Needs a decision before it can continue.',
]

const DAY_MS = 24 * 60 * 60 * 1000
/** A time of day, so that not all tasks are due at midnight. */
const HOURS = [8, 9, 12, 15, 17, 18, 20]

/** Returns the same people for the same numbers; due dates are relative to today. */
export function* imagine(
  { users, tasks, seed }: { readonly users: number; readonly tasks: number; readonly seed: number },
  now: Date,
): Generator<Person> {
  const todayMs = Math.floor(now.getTime() / DAY_MS) * DAY_MS
  for (let number = 1; number <= users; number += 1) {
    // Each user has a generator of their own: with more users or tasks, the others stay the same.
    const chance = new Chance(seed * 1_000_003 + number)
    const [first, last] = [chance.one(FIRST_NAMES), chance.one(LAST_NAMES)]
    yield {
      name: `${first} ${last}`,
      email: `${plain(first)}.${plain(last)}.${seed}.${number}@example.com`,
      tasks: Array.from({ length: tasks }, () => task(chance, todayMs)),
    }
  }
}

function task(chance: Chance, todayMs: number): TaskCreate {
  const { titles, tags } = chance.one(KINDS)
  const title = chance.one(titles).replace(/\{([^}]+)\}/g, (_, choice: string) => {
    if (choice === 'n') return String(2 + chance.below(8))
    return chance.one(choice === 'who' ? PEOPLE : choice.split('|'))
  })
  const isDue = chance.below(10) < 6
  const dueMs = todayMs + (chance.below(45) - 15) * DAY_MS + chance.one(HOURS) * 60 * 60 * 1000
  return {
    title,
    description: chance.below(10) < 3 ? chance.one(NOTES) : null,
    status: chance.one([...STATUSES, 'TODO', 'TODO', 'COMPLETED']),
    priority: chance.one([...PRIORITIES, 'MEDIUM', 'MEDIUM', 'LOW']),
    dueDate: isDue ? new Date(dueMs).toISOString() : null,
    tags: chance.below(10) < 8 ? [...tags] : [],
  }
}

/** ASCII letters only, for an e-mail address. */
const plain = (name: string): string =>
  name
    .normalize('NFD')
    .replace(/[^a-z]/gi, '')
    .toLowerCase()

/** Mulberry32: small, and the same on every machine. Not for secrets. */
class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0
  }

  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }

  one<T>(choices: readonly T[]): T {
    // The array is not empty, and the index is below its length.
    return choices[this.below(choices.length)] as T
  }
}
