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

-- As in 0006_jobs.
drop function todo_session_user(text[]), todo_known_user(text), todo_job_user(uuid[]);

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
