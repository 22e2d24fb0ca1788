-- A task as it travels, kept beside its columns: what is read is only copied then, where writing the JSON of a list anew
-- took PostgreSQL longer than finding its tasks. It is made once for each change. Adding the column writes the table anew,
-- and nobody reads it meanwhile: half a minute for a million tasks.

-- RFC 3339 in UTC, with milliseconds where there are any.
create function todo_instant_json(instant timestamptz) returns text
  language sql stable parallel safe
as $$
  select case
    when instant = instant::timestamptz(0) then to_char(instant at time zone 'UTC', E'"\\""YYYY-MM-DD"T"HH24:MI:SS"Z\\""')
    else coalesce(to_char(instant at time zone 'UTC', E'"\\""YYYY-MM-DD"T"HH24:MI:SS.MS"Z\\""'), 'null')
  end
$$;

-- Immutable although PostgreSQL calls some of its parts stable: no setting changes what they make of these types. In PL/pgSQL, so
-- that its plan is kept. A restored backup makes it without a search path, so it names the schema. concat() leaves nulls out.
create function todo_task_json(
  id uuid, title text, description text, status task_status, priority task_priority, due_date timestamptz, tags text[],
  user_id text, created_at timestamptz, updated_at timestamptz, completed_at timestamptz, version integer
) returns text
  language plpgsql immutable parallel safe
as $$
begin
  return concat(
    '{"id":"', id,
    '","title":', to_json(title),
    ',"description":', coalesce(to_json(description)::text, 'null'),
    ',"status":"', status,
    '","priority":"', priority,
    '","dueDate":', public.todo_instant_json(due_date),
    ',"tags":', array_to_json(tags),
    ',"userId":', to_json(user_id),
    ',"createdAt":', public.todo_instant_json(created_at),
    ',"updatedAt":', public.todo_instant_json(updated_at),
    ',"completedAt":', public.todo_instant_json(completed_at),
    ',"version":', version, '}');
end
$$;

revoke all on function todo_instant_json(timestamptz) from public;
revoke all on function todo_task_json(uuid, text, text, task_status, task_priority, timestamptz, text[], text, timestamptz,
  timestamptz, timestamptz, integer) from public;
grant execute on function todo_instant_json(timestamptz) to :"app_role";
grant execute on function todo_task_json(uuid, text, text, task_status, task_priority, timestamptz, text[], text, timestamptz,
  timestamptz, timestamptz, integer) to :"app_role";

alter table tasks add column json text not null generated always as (
  todo_task_json(id, title, description, status, priority, due_date, tags, user_id, created_at, updated_at, completed_at, version)
) stored;
