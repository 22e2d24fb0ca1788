-- A task that is due on a day is due at its last millisecond in UTC then.
create or replace function todo_task_format() returns smallint
  language sql immutable parallel safe
as 'select 1::smallint';

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
    '","dueDate":', public.todo_instant_json(task.due_date),
    ',"tags":', array_to_json(task.tags),
    ',"userId":', to_json(task.user_id),
    ',"createdAt":', public.todo_instant_json(task.created_at),
    ',"updatedAt":', public.todo_instant_json(task.updated_at),
    ',"completedAt":', public.todo_instant_json(task.completed_at),
    ',"version":', task.version, '}');
end
$$;

create or replace function todo_derive_task() returns trigger
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

alter table tasks drop column due_day, drop column timezone;

drop function todo_day_end(date, text), todo_day_start(date, text), todo_due_json(timestamptz, date), todo_due_date(text),
  todo_due_day(text);
