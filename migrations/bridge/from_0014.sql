-- Takes a database that has the earlier migrations 0001 to 0014 to the schema of 0001 to 0007. `migrate renumber` runs it in one
-- transaction and records these. No table is rewritten. The two columns of a task that were generated become ordinary ones, set by a
-- trigger; json keeps its format.
alter table tasks
  alter column search_words drop expression,
  alter column json drop expression,
  -- A default that is a constant adds the column without a rewrite; the trigger sets it from now on.
  add column json_format smallint not null default 1;
alter table tasks alter column json_format drop default;

drop function todo_task_json(uuid, text, text, task_status, task_priority, timestamptz, text[], text, timestamptz, timestamptz,
  timestamptz, integer);

-- As in 0004_tasks, which has the reasons.
create function todo_task_format() returns smallint
  language sql immutable parallel safe
as 'select 1::smallint';

create function todo_task_json(task tasks) returns text
  language plpgsql stable parallel safe cost 1
as $$
begin
  return concat(
    '{"id":"', task.id,
    '","title":', to_json(task.title),
    ',"description":', coalesce(to_json(task.description)::text, 'null'),
    ',"status":"', task.status,
    '","priority":"', task.priority,
    '","dueDate":', public.todo_instant_json(task.due_date),
    ',"tags":', array_to_json(task.tags),
    ',"userId":', to_json(task.user_id),
    ',"createdAt":', public.todo_instant_json(task.created_at),
    ',"updatedAt":', public.todo_instant_json(task.updated_at),
    ',"completedAt":', public.todo_instant_json(task.completed_at),
    ',"version":', task.version, '}');
end
$$;

create function todo_derive_task() returns trigger
  language plpgsql
as $$
begin
  if tg_op = 'INSERT'
    or (new.title, new.description, new.tags) is distinct from (old.title, old.description, old.tags) then
    new.search_words := public.todo_search_words(new.title)
      || E'\n' || public.todo_search_words(array_to_string(new.tags, ' '))
      || E'\n' || public.todo_search_words(coalesce(new.description, ''));
  end if;
  -- Passing the row copies it, so it should not have the json of before.
  new.json := null;
  new.json := public.todo_task_json(new);
  new.json_format := public.todo_task_format();
  return new;
end
$$;

create trigger tasks_derived before insert or update on tasks for each row execute function todo_derive_task();

revoke all on function todo_task_format(), todo_task_json(tasks), todo_derive_task() from public;
grant execute on function todo_task_format(), todo_task_json(tasks) to :"app_role";

create policy tasks_in_migrations on tasks
  for all to current_user
  using ((select current_setting('todo.migrating', true)) = 'on');
