-- expand

create type task_status as enum ('TODO', 'IN_PROGRESS', 'COMPLETED');
-- In order of rank, so that `order by priority desc` puts the most urgent first.
create type task_priority as enum ('LOW', 'MEDIUM', 'HIGH', 'URGENT');

create table tasks (
  id uuid not null,
  -- The user of the scope. No statement names the owner of a task.
  user_id text not null default nullif(current_setting('app.user_id', true), '')
    references :"users_schema".:"users_table" (id) on delete cascade,
  title varchar(200) not null check (title <> ''),
  description text check (char_length(description) <= 10000),
  status task_status not null default 'TODO',
  priority task_priority not null default 'MEDIUM',
  due_date timestamptz(3),
  tags text[] not null default '{}' check (cardinality(tags) <= 50),
  version integer not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  completed_at timestamptz(3),
  -- What `q` searches: the words of the title, the tags and the description, in three lines. The first line is also the order by title.
  -- Kept because folding the words for each query takes longer than the rest of the query.
  search_words text not null,
  -- The task as clients get it. Kept because reading it takes PostgreSQL less time than building it for each answer.
  json text not null,
  -- The format of json: see todo_task_format() below.
  json_format smallint not null,
  -- Clients choose ids, which are unique for each user. A key across users would show whether another user has a task of that id.
  primary key (user_id, id),
  constraint tasks_completed_at_iff_completed check ((status = 'COMPLETED') = (completed_at is not null))
);

-- Below a policy no comparison of an enum reaches an index, because it is not leakproof: so there is an index in the order of each
-- common page, and none by status.
create index tasks_by_created on tasks (user_id, created_at desc, id desc);
-- With the columns that statistics count.
create index tasks_by_updated on tasks (user_id, updated_at desc, id desc) include (status, priority);
create index tasks_by_due_date on tasks (user_id, due_date, id);
create index tasks_by_priority on tasks (user_id, priority desc, id desc);

-- The open tasks in each order. If only few of many tasks are open, a page from an index of all tasks reads most of the index.
create index tasks_open_by_created on tasks (user_id, created_at desc, id desc) where completed_at is null;
create index tasks_open_by_updated on tasks (user_id, updated_at desc, id desc) where completed_at is null;
create index tasks_open_by_due_date on tasks (user_id, due_date, id) where completed_at is null;
create index tasks_open_by_priority on tasks (user_id, priority desc, id desc) where completed_at is null;

-- RFC 3339 in UTC, with milliseconds if there are any; null for null. As JSON.
create function todo_instant_json(instant timestamptz) returns text
  language sql stable parallel safe
as $$
  select case
    when instant = instant::timestamptz(0) then to_char(instant at time zone 'UTC', E'"\\""YYYY-MM-DD"T"HH24:MI:SS"Z\\""')
    else coalesce(to_char(instant at time zone 'UTC', E'"\\""YYYY-MM-DD"T"HH24:MI:SS.MS"Z\\""'), 'null')
  end
$$;

-- The number of the format that todo_task_json() builds. A migration that changes the format replaces both functions. A statement that
-- reads json builds it again for a row that has another number, so the rows need not be rewritten at once. In SQL, because PostgreSQL
-- inlines it as a constant.
create function todo_task_format() returns smallint
  language sql immutable parallel safe
as 'select 1::smallint';

-- A task as clients get it. A restore runs this without a search path, so functions are named with their schema. concat() omits nulls.
-- The cost is low so that the planner computes json before a sort, and does not carry the whole row through it.
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

-- Sets the columns that are derived from others. Generated columns would do the same, but a change of their expression rewrites the
-- table under an exclusive lock.
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

revoke all on function todo_instant_json(timestamptz), todo_task_format(), todo_task_json(tasks), todo_derive_task() from public;
grant execute on function todo_instant_json(timestamptz), todo_task_format(), todo_task_json(tasks) to :"app_role";

alter table tasks enable row level security;
alter table tasks force row level security;

-- After a transaction the setting is '' on its connection, and not null; nullif makes both mean that there is no user. The setting is
-- read in a scalar subquery because the planner must not know its value: it plans when the scope is not entered yet, since the proof of
-- the session is part of the same statement, and would expect no rows and choose any index.
create policy tasks_of_the_user on tasks
  for all to :"app_role"
  using (user_id = (select nullif(current_setting('app.user_id', true), '')))
  with check (user_id = (select nullif(current_setting('app.user_id', true), '')));

-- A backfill runs as the owner, which the policies bind too: it sees tasks in the transactions of `migrate` alone.
create policy tasks_in_migrations on tasks
  for all to current_user
  using ((select current_setting('todo.migrating', true)) = 'on');

grant select, delete on tasks to :"app_role";
grant insert (id, title, description, status, priority, due_date, tags, completed_at) on tasks to :"app_role";
-- The id, the owner and the time of creation cannot change. The derived columns are set by the trigger alone.
grant update (title, description, status, priority, due_date, tags, version, updated_at, completed_at) on tasks to :"app_role";
