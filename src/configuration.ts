import * as config from './config/config.ts'
import type { DevelopmentSecrets } from './config/development-secrets.ts'
import { SETTINGS } from './features.ts'
import type { Env } from './lib/env-reader.ts'
import type { VariableTable } from './lib/variable.ts'

/** Every variable that the service reads, features included. */
export const VARIABLES: VariableTable = config.variablesWith(SETTINGS)

/** `loadConfig` of `config/`, with the settings of all features. */
export const loadConfig = (options: Omit<config.LoadOptions, 'settings'> = {}): config.Config =>
  config.loadConfig({ ...options, settings: SETTINGS })

/** `parseConfig` of `config/`, with the settings of all features. */
export const parseConfig = (
  env: Env,
  makeSecrets: (dataDir: string) => DevelopmentSecrets,
  cwd?: string,
): config.Config => config.parseConfig(env, makeSecrets, { settings: SETTINGS, ...(cwd !== undefined && { cwd }) })
