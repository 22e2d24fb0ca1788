create or replace function todo_task_format() returns smallint
  language sql immutable parallel safe
as 'select 2::smallint';

create or replace function todo_task_json(task tasks) returns text
  language plpgsql stable parallel safe cost 1
as $$
begin
  return concat(
    '{"id":"', task.id,
    '","title":', to_json(task.title),
    ',"description":', coalesce(to_json(task.description)::text, 'null'),
    ',"status":"', task.status,
    '","priority":"', task.priority,
    '","dueDate":', public.todo_due_json(task.due_date, task.due_day),
    ',"tags":', array_to_json(task.tags),
    ',"userId":', to_json(task.user_id),
    ',"createdAt":', public.todo_instant_json(task.created_at),
    ',"updatedAt":', public.todo_instant_json(task.updated_at),
    ',"completedAt":', public.todo_instant_json(task.completed_at),
    ',"version":', task.version,
    ',"timezone":', coalesce(to_json(task.timezone)::text, 'null'), '}');
end
$$;

alter table tasks drop column recurrence, drop column occurrence, drop column completions, drop column last_completed_at;
