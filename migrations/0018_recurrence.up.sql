-- expand

-- Recurring tasks (docs/adr/0036-recurrence.md). The service computes the dates; here is what a task keeps of its series.
-- {rule, basis}: the RRULE, as it was sent.
alter table tasks add column recurrence jsonb;
-- {number, at}: which date of the rule due_date stands for, on the clock of the task's zone.
alter table tasks add column occurrence jsonb;
alter table tasks add column completions integer not null default 0;
alter table tasks add column last_completed_at timestamptz(3);

alter table tasks add constraint tasks_recurrence_size
  check (octet_length(recurrence::text) <= 1000 and octet_length(occurrence::text) <= 200 and completions >= 0) not valid;

grant insert (recurrence, occurrence, completions, last_completed_at),
  update (recurrence, occurrence, completions, last_completed_at) on tasks to :"app_role";

create or replace function todo_task_format() returns smallint
  language sql immutable parallel safe
as 'select 3::smallint';

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
    ',"timezone":', coalesce(to_json(task.timezone)::text, 'null'),
    ',"recurrence":', coalesce(task.recurrence::text, 'null'),
    ',"occurrence":', coalesce(task.occurrence::text, 'null'),
    ',"completions":', task.completions,
    ',"lastCompletedAt":', public.todo_instant_json(task.last_completed_at), '}');
end
$$;
