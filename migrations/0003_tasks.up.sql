create type task_status as enum ('TODO', 'IN_PROGRESS', 'COMPLETED');
-- In rank order, so that `order by priority desc` puts the most urgent first.
create type task_priority as enum ('LOW', 'MEDIUM', 'HIGH', 'URGENT');

create table tasks (
  id uuid primary key,
  -- The scope, not the statement, says whose task it is.
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
  constraint tasks_completed_at_iff_completed check ((status = 'COMPLETED') = (completed_at is not null))
);

create index tasks_by_created on tasks (user_id, created_at desc, id desc);
create index tasks_by_status on tasks (user_id, status, created_at desc, id desc);
create index tasks_by_priority on tasks (user_id, priority desc, created_at desc, id desc);
create index tasks_by_due_date on tasks (user_id, due_date, id);

alter table tasks enable row level security;
alter table tasks force row level security;

-- After a transaction the setting is '' on its connection and not null: nullif makes both mean "nobody".
create policy tasks_of_the_user on tasks
  for all to :"app_role"
  using (user_id = nullif(current_setting('app.user_id', true), ''))
  with check (user_id = nullif(current_setting('app.user_id', true), ''));

grant select, delete on tasks to :"app_role";
grant insert (id, title, description, status, priority, due_date, tags, completed_at) on tasks to :"app_role";
-- Neither id, owner nor birth of a task can change.
grant update (title, description, status, priority, due_date, tags, version, updated_at, completed_at) on tasks to :"app_role";
