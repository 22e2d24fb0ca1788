create or replace function todo_end_programs(owner text) returns void
  language sql volatile security definer set search_path = public, pg_temp
as $$
  delete from public.personal_tokens where user_id = owner;
  delete from public.webhooks where user_id = owner;
$$;

drop function todo_calendar_user(text[]);
drop table calendar_feeds;
