import type { EnvReader } from '../lib/env-reader.ts'
import type { VariableTable } from '../lib/variable.ts'
import type { SecretRules } from '../lib/secret.ts'

type Reading = 'choice' | 'flag' | 'has' | 'integer' | 'list' | 'mistake' | 'seconds' | 'value'
export type SettingsReader<Name extends string> = Pick<EnvReader<Name>, Reading>

/** What a configuration holds for features, by their names. */
export interface FeatureSettings {
  readonly features: Readonly<Record<string, unknown>>
}

/** The variables of a feature, and what it makes of them. The configuration reads them without knowing the feature. */
export interface Settings {
  readonly name: string
  readonly variables: VariableTable
  /** Reports what is wrong with the variables to the reader. */
  read(this: void, reader: SettingsReader<string>, rules: SecretRules): unknown
}

/** {@link Settings} whose feature can take its part of a configuration. */
export interface TypedSettings<Value> extends Settings {
  /** @throws Error when the configuration was read without these settings: the feature is missing in `features.ts` */
  of(this: void, config: FeatureSettings): Value
}

export function defineSettings<const Variables extends VariableTable, Value>(
  name: string,
  variables: Variables,
  read: (reader: SettingsReader<keyof Variables & string>, rules: SecretRules) => Value,
): TypedSettings<Value> {
  return {
    name,
    variables,
    read,
    of: ({ features }) => {
      if (!Object.hasOwn(features, name)) throw new Error(`the configuration was read without the settings of ${name}`)
      // `read` made it: the configuration keeps what it returned, under this name.
      return features[name] as Value
    },
  }
}
