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

-- The user whom a principal proves to be or to act for. It is all that the serving role can learn of sessions, users and jobs.
--   null    the proof names no user: unknown, expired, revoked, or of the wrong form, which is no error because it may be forged
--   ''      the user is proven, but the credential does not carry the scope `needs`; sessions, services and jobs may do all that
--           their user may, so none of these kinds gives this answer
--   an id   otherwise
-- PL/pgSQL keeps the plans of its queries for each connection. Keys are looked up one by one, because a plan for an array of any
-- length would read whole tables. Epochs compare alike for timestamp (in UTC) and timestamptz, in any time zone.
select set_config('todo.users_schema', :'users_schema', true), set_config('todo.users_table', :'users_table', true),
       set_config('todo.sessions_schema', :'sessions_schema', true), set_config('todo.sessions_table', :'sessions_table', true),
       set_config('todo.session_user_column', :'session_user_column', true),
       set_config('todo.session_expiry_column', :'session_expiry_column', true);

do $$
begin
  execute format($function$
create function todo_prove(kind text, proof text[], needs text) returns text
  language plpgsql stable security definer parallel safe set search_path = public, pg_temp
as $body$
declare
  token_key text;
  user_id text;
begin
  if kind = 'session' then
    -- What the table may hold for the presented token.
    foreach token_key in array coalesce(proof, '{}') loop
      select u.id into user_id
      from %1$I.%2$I s
      join %3$I.%4$I u on u.id = s.%5$I
      where s.token = token_key and extract(epoch from s.%6$I) > extract(epoch from now())
      limit 1;
      exit when found;
    end loop;
  elsif kind = 'service' then
    -- The process has authenticated the service, which names its user.
    select u.id into user_id from %3$I.%4$I u where u.id = proof[1];
  elsif kind = 'job' then
    -- The job, and its lease, which only the process that has claimed the job knows.
    if proof[1] ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
      select j.for_user into user_id
      from public.jobs j
      where j.id = proof[1]::uuid and j.lease::text = proof[2] and j.run_at > now() and j.dead_at is null;
    end if;
  end if;
  return user_id;
end
$body$
$function$,
    current_setting('todo.sessions_schema'), current_setting('todo.sessions_table'),
    current_setting('todo.users_schema'), current_setting('todo.users_table'),
    current_setting('todo.session_user_column'), current_setting('todo.session_expiry_column'));
end $$;

revoke all on function todo_prove(text, text[], text) from public;
grant execute on function todo_prove(text, text[], text) to :"app_role";
