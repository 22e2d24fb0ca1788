#!/usr/bin/env node
import { launch } from './launch.mjs'

await launch('todo-backend', 'src/cli')
