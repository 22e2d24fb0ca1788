import type { Feature } from '../feature.ts'

export const tasks: Feature = {
  tags: [{ name: 'tasks', description: 'The tasks of the signed-in user' }],
  writeProbes: [
    `insert into public.tasks (id, title) select gen_random_uuid(), 'probe' where false returning 1`,
    `update public.tasks set title = title, version = version where false returning 1`,
    `delete from public.tasks where false returning id, json`,
  ],
  routes: async (app, deps) => {
    const [{ taskRoutes }, { taskListRoutes }, { batchRoutes }, { Overlaps }] = await Promise.all([
      import('./routes.ts'),
      import('./list/routes.ts'),
      import('./batch/routes.ts'),
      import('./overlaps.ts'),
    ])
    const completions = new Overlaps()
    taskRoutes(app, deps, completions)
    taskListRoutes(app, deps)
    batchRoutes(app, deps, completions)
  },
  imports: async () => [(await import('./python-import.ts')).TASK_IMPORT],
}
