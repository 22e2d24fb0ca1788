select set_config('todo.users_schema', :'users_schema', true), set_config('todo.users_table', :'users_table', true),
       set_config('todo.sessions_schema', :'sessions_schema', true), set_config('todo.sessions_table', :'sessions_table', true),
       set_config('todo.session_user_column', :'session_user_column', true),
       set_config('todo.session_expiry_column', :'session_expiry_column', true);

do $$
begin
  execute format($function$
create or replace function todo_session_user(token_keys text[]) returns text
  language sql stable security definer parallel safe set search_path = public, pg_temp
as $body$
  select u.id
  from %1$I.%2$I s
  join %3$I.%4$I u on u.id = s.%5$I
  where s.token = any ($1) and extract(epoch from s.%6$I) > extract(epoch from now())
  limit 1
$body$
$function$,
    current_setting('todo.sessions_schema'), current_setting('todo.sessions_table'),
    current_setting('todo.users_schema'), current_setting('todo.users_table'),
    current_setting('todo.session_user_column'), current_setting('todo.session_expiry_column'));
  execute format($function$
create or replace function todo_known_user(user_id text) returns text
  language sql stable security definer parallel safe set search_path = public, pg_temp
as $body$
  select u.id from %1$I.%2$I u where u.id = $1
$body$
$function$, current_setting('todo.users_schema'), current_setting('todo.users_table'));
end $$;
