-- expand

-- Background work. A row is a job that is still to be done; it holds references and never content. A claim moves run_at to the end of
-- its lease, so the job of a process that died becomes due again.
create table jobs (
  id uuid primary key default gen_random_uuid(),
  name text not null check (name ~ '^[a-z][a-z0-9-]{0,62}$'),
  -- The user that it acts for; deleted with the user. Null for work that crosses users.
  for_user text references :"users_schema".:"users_table" (id) on delete cascade,
  reference jsonb not null default '{}' check (octet_length(reference::text) <= 1024),
  -- At most one job of a name has the same key.
  key text check (char_length(key) between 1 and 255),
  run_at timestamptz not null default now(),
  attempts integer not null default 0,
  -- A new one with every claim. Only the process that holds it records the outcome of the job.
  lease uuid,
  -- The class and code of the last error; its message is in the log.
  last_error text check (char_length(last_error) <= 200),
  -- Set when no attempts are left. Such a job waits for an operator.
  dead_at timestamptz,
  created_at timestamptz not null default now(),
  unique (name, key)
);

create index jobs_due on jobs (run_at) where dead_at is null;
create index jobs_dead on jobs (dead_at) where dead_at is not null;
create index jobs_of_user on jobs (for_user) where for_user is not null;

alter table jobs enable row level security;
alter table jobs force row level security;

-- A user's request enqueues a job for that user in its own transaction. It cannot see or change jobs.
create policy jobs_for_the_user on jobs
  for insert to :"app_role"
  with check (for_user = (select nullif(current_setting('app.user_id', true), '')));

grant insert (name, for_user, reference, key, run_at) on jobs to :"app_role";

-- The runner.
create policy jobs_seen on jobs for select to :"system_role" using (true);
create policy jobs_added on jobs for insert to :"system_role" with check (attempts = 0 and lease is null and dead_at is null);
create policy jobs_moved on jobs for update to :"system_role" using (dead_at is null) with check (true);
create policy jobs_done on jobs for delete to :"system_role" using (dead_at is null and lease is not null);

grant select, delete on jobs to :"system_role";
grant insert (name, for_user, reference, key, run_at) on jobs to :"system_role";
grant update (run_at, attempts, lease, last_error, dead_at) on jobs to :"system_role";

-- The function below runs as the owner, which forced row-level security binds too.
create policy job_check on jobs for select to current_user using (true);

-- The user whose scope a running job may enter. Only the process that claimed the job knows its lease.
create function todo_job_user(job_and_lease uuid[]) returns text
  language sql stable security definer parallel safe set search_path = public, pg_temp
as $$
  select for_user from public.jobs where id = $1[1] and lease = $1[2] and run_at > now() and dead_at is null
$$;

revoke all on function todo_job_user(uuid[]) from public;
grant execute on function todo_job_user(uuid[]) to :"app_role";
