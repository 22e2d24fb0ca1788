import type { App } from '../../http/app.ts'
import { tagsAndStats, whoami } from './about.ts'
import { deleteTasks, restoreTasks } from './delete.ts'
import { findTasks, getTask } from './find.ts'
import { getHistory, undo } from './history.ts'
import { shown } from './shapes.ts'
import { Missing, openSource, type Source } from './source.ts'
import type { Tool } from './tool.ts'
import { addTasks, completeTasks, rescheduleTasks, updateTasks } from './write.ts'

/** In the order in which clients see them. */
const TOOLS: readonly ((source: Source) => Tool)[] = [
  findTasks,
  getTask,
  addTasks,
  updateTasks,
  completeTasks,
  rescheduleTasks,
  deleteTasks,
  restoreTasks,
  getHistory,
  undo,
  tagsAndStats,
  whoami,
]

/** @param app with all routes that the tools use */
export function toolsOf(app: App): readonly Tool[] {
  const source = openSource(app)
  return TOOLS.flatMap((make) => {
    try {
      return [make(source)]
    } catch (error) {
      // The feature was deleted from the service.
      if (error instanceof Missing) return []
      throw error
    }
  })
}

/** A tool as `tools/list` has it. */
export function listed({ name, title, description, input, output, annotations }: Tool, app: App): object {
  const schemas = (id: string): unknown => app.getSchema(id)
  return {
    name,
    title,
    description,
    inputSchema: shown(input, schemas),
    outputSchema: shown(output, schemas),
    annotations,
  }
}
