-- As in 0012_tokens.
select set_config('todo.users_schema', :'users_schema', true), set_config('todo.users_table', :'users_table', true),
       set_config('todo.sessions_schema', :'sessions_schema', true), set_config('todo.sessions_table', :'sessions_table', true),
       set_config('todo.session_user_column', :'session_user_column', true),
       set_config('todo.session_expiry_column', :'session_expiry_column', true);

do $$
begin
  execute format($function$
create or replace function todo_prove(kind text, proof text[], needs text) returns text
  language plpgsql stable security definer parallel safe set search_path = public, pg_temp
as $body$
declare
  token_key text;
  user_id text;
  is_allowed boolean;
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
  elsif kind = 'token' then
    foreach token_key in array coalesce(proof, '{}') loop
      select t.user_id, needs = 'any' or needs = any (t.scopes) into user_id, is_allowed
      from public.personal_tokens t where t.hash = token_key and t.expires_at > now() limit 1;
      exit when found;
    end loop;
    if user_id is not null and is_allowed is not true then
      return '';
    end if;
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

drop trigger changes_named_by_app on changes;
drop function todo_name_app();
drop table oauth_tokens, oauth_grants, oauth_clients;
