#!/usr/bin/env node
import { launch } from './launch.mjs'

await launch('todo', 'cli/main')
