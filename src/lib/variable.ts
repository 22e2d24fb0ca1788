/** A variable of the environment, as an operator sees it. The code that reads it decides which values are valid. */
export interface Variable {
  /** Earlier names. Of a variable of OpenTelemetry: the one for all signals, over which that for traces takes precedence. */
  readonly otherNames?: readonly string[]
  /** What an unset variable means, as it would be written. Absent: there is no default. */
  readonly default?: string
  /** What it does, with its unit and its values: one line of Markdown for docs/configuration.md, which adds the other names. */
  readonly does: string
}

export type VariableTable = Readonly<Record<string, Variable>>

/** All names, in the order of precedence. */
export const namesOf = (name: string, { otherNames = [] }: Variable): readonly string[] => [name, ...otherNames]
