-- expand

-- A task is due at an instant or on a day (docs/dates.md). A day has no instant until it is seen in a time zone, so `due_day` has it, and
-- `due_date` is its last millisecond in UTC: where versions before this one compare and sort by it, the day is near its place.
alter table tasks add column due_day date;
-- The zone in which the wall-clock time of the task stays; null for the user's.
alter table tasks add column timezone text;
alter table tasks add constraint tasks_due_day check (
  due_day is null or due_date = ((due_day + 1)::timestamp - interval '1 millisecond') at time zone 'UTC') not valid;
alter table tasks add constraint tasks_timezone check (char_length(timezone) between 1 and 64) not valid;

grant insert (due_day, timezone), update (due_day, timezone) on tasks to :"app_role";

-- The columns for what a client sends as `dueDate`: `2026-12-24`, or an instant as the service writes it.
create function todo_due_day(due text) returns date
  language sql stable parallel safe
as 'select case when length(due) = 10 then due::date end';

create function todo_due_date(due text) returns timestamptz
  language sql stable parallel safe
as $$
  select case when length(due) = 10 then ((due::date + 1)::timestamp - interval '1 millisecond') at time zone 'UTC'
    else due::timestamptz end
$$;

create function todo_due_json(due_date timestamptz, due_day date) returns text
  language sql stable parallel safe
as $$
  select case when due_day is null then public.todo_instant_json(due_date) else to_char(due_day, E'"\\""YYYY-MM-DD"\\""') end
$$;

-- The first instant of a day in a time zone. Where clocks are set back over midnight there are two midnights, of which PostgreSQL takes
-- the second: the day begins with the first. A midnight that is skipped is the instant of the change.
create function todo_day_start(day date, zone text) returns timestamptz
  language plpgsql stable parallel safe
as $$
declare
  found_start constant timestamptz := day::timestamp at time zone zone;
  -- The same midnight with the offset of the day before.
  earlier constant timestamptz := found_start
    - ((found_start - interval '24 hours') at time zone zone - (day::timestamp - interval '24 hours'));
begin
  return case when earlier < found_start and earlier at time zone zone = day::timestamp then earlier else found_start end;
end
$$;

-- The last millisecond of a day in a time zone, where the day stands in the order of due dates.
create function todo_day_end(day date, zone text) returns timestamptz
  language plpgsql stable parallel safe
as $$
begin
  return public.todo_day_start(day + 1, zone) - interval '1 millisecond';
end
$$;

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
  -- A process of a version without due_day has changed due_date alone: the task is due at that instant.
  if tg_op = 'UPDATE' and new.due_day = old.due_day and new.due_date is distinct from old.due_date then
    new.due_day := null;
  end if;
  -- Passing the row copies it, so it should not have the json of before.
  new.json := null;
  new.json := public.todo_task_json(new);
  new.json_format := public.todo_task_format();
  return new;
end
$$;

revoke all on function todo_due_day(text), todo_due_date(text), todo_due_json(timestamptz, date), todo_day_start(date, text),
  todo_day_end(date, text) from public;
grant execute on function todo_due_day(text), todo_due_date(text), todo_due_json(timestamptz, date), todo_day_start(date, text),
  todo_day_end(date, text) to :"app_role";
