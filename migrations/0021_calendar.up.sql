-- expand

-- The address under which calendar programs read the tasks of a user without a credential. A user has at most one.
create table calendar_feeds (
  user_id text primary key default nullif(current_setting('app.user_id', true), '')
    references :"users_schema".:"users_table" (id) on delete cascade,
  -- The HMAC-SHA256 of the secret part of the address in hex. The address itself is not stored.
  hash text not null check (hash ~ '^[0-9a-f]{64}$'),
  created_at timestamptz(3) not null default now()
);

-- Not unique, because a key must begin with the user. The address has 178 random bits.
create index calendar_feeds_by_hash on calendar_feeds (hash);

alter table calendar_feeds enable row level security;
alter table calendar_feeds force row level security;

create policy calendar_feeds_of_the_user on calendar_feeds
  for all to :"app_role"
  using (user_id = (select nullif(current_setting('app.user_id', true), '')))
  with check (user_id = (select nullif(current_setting('app.user_id', true), '')));
-- The function below runs as the owner, which forced row-level security binds too.
create policy credential_check on calendar_feeds for select to current_user using (true);

grant select, delete on calendar_feeds to :"app_role";
grant insert (hash), update (hash, created_at) on calendar_feeds to :"app_role";

-- The user of an address, by what the table may hold for it; null if there is none.
create function todo_calendar_user(hashes text[]) returns text
  language plpgsql stable security definer set search_path = public, pg_temp
as $$
begin
  return (select f.user_id from public.calendar_feeds f where f.hash = any (hashes) limit 1);
end
$$;
revoke all on function todo_calendar_user(text[]) from public;
grant execute on function todo_calendar_user(text[]) to :"system_role";

-- As in 0020_unproven, with the address of the calendar.
create or replace function todo_end_programs(owner text) returns void
  language sql volatile security definer set search_path = public, pg_temp
as $$
  delete from public.personal_tokens where user_id = owner;
  delete from public.webhooks where user_id = owner;
  delete from public.calendar_feeds where user_id = owner;
$$;
create policy calendar_feeds_ended on calendar_feeds for delete to current_user using (true);
