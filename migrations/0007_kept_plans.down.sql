create or replace function todo_session_user(token_keys text[]) returns text
  language sql stable security definer parallel safe set search_path = public, pg_temp
as $$
  select u.id
  from public.user_sessions s
  join public.users u on u.id = s."userId"
  where s.token = any ($1) and extract(epoch from s."expiresAt") > extract(epoch from now())
  limit 1
$$;

create or replace function todo_known_user(user_id text) returns text
  language sql stable security definer parallel safe set search_path = public, pg_temp
as $$
  select u.id from public.users u where u.id = $1
$$;
