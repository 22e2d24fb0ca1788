-- expand

-- Work that is no request. A row is a job that is still to be done; it holds references and never content. Claiming one moves
-- run_at to the end of its lease, so the job of a process that died is due again by itself.
create table jobs (
  id uuid primary key default gen_random_uuid(),
  name text not null check (name ~ '^[a-z][a-z0-9-]{0,62}$'),
  -- The user it acts for, with whom it goes. Null for work that crosses users.
  for_user text references :"users_schema".:"users_table" (id) on delete cascade,
  reference jsonb not null default '{}' check (octet_length(reference::text) <= 1024),
  -- At most one job of a name has the same key.
  key text check (char_length(key) between 1 and 255),
  run_at timestamptz not null default now(),
  attempts integer not null default 0,
  -- A new one with every claim: only the process that holds it may say what the job came to.
  lease uuid,
  -- The class and code of the last error; its message is in the log.
  last_error text check (char_length(last_error) <= 200),
  -- Set when there are no attempts left: such a job waits for an operator.
  dead_at timestamptz,
  created_at timestamptz not null default now(),
  unique (name, key)
);

create index jobs_due on jobs (run_at) where dead_at is null;
create index jobs_dead on jobs (dead_at) where dead_at is not null;
create index jobs_of_user on jobs (for_user) where for_user is not null;

alter table jobs enable row level security;
alter table jobs force row level security;

-- A user's request enqueues a job for that user, in its own transaction, and can neither see nor change any.
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

-- For the function below, which runs as the owner.
create policy job_check on jobs for select to current_user using (true);

-- Whose scope a running job may enter: only its claim names both the job and its lease.
create function todo_job_user(job_and_lease uuid[]) returns text
  language sql stable security definer parallel safe set search_path = public, pg_temp
as $$
  select for_user from public.jobs where id = $1[1] and lease = $1[2] and run_at > now() and dead_at is null
$$;

revoke all on function todo_job_user(uuid[]) from public;
grant execute on function todo_job_user(uuid[]) to :"app_role";

-- The purge of what was written down of reads of provider keys: it sees, and deletes, what is older than a year.
create policy old_reads on user_api_key_reads
  for all to :"system_role"
  using (read_at < now() - interval '1 year')
  with check (false);

grant select (user_id, id, read_at), update (read_at), delete on user_api_key_reads to :"system_role";
