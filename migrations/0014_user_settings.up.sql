-- expand

-- What a user has set, beside what the auth server keeps of the user. A user without a row has the defaults.
create table user_settings (
  user_id text primary key default nullif(current_setting('app.user_id', true), '')
    references :"users_schema".:"users_table" (id) on delete cascade,
  -- The name of an IANA time zone that this server knows.
  timezone text not null default 'UTC' check (char_length(timezone) between 1 and 64),
  email_reminders boolean not null default false
);

alter table user_settings enable row level security;
alter table user_settings force row level security;

create policy user_settings_of_the_user on user_settings
  for all to :"app_role"
  using (user_id = (select nullif(current_setting('app.user_id', true), '')))
  with check (user_id = (select nullif(current_setting('app.user_id', true), '')));
-- The time zone of a new user, whose session does not exist yet.
create policy settings_of_new_users on user_settings for insert to :"system_role" with check (true);

grant select on user_settings to :"app_role";
grant insert (timezone, email_reminders), update (timezone, email_reminders) on user_settings to :"app_role";
grant insert (user_id, timezone) on user_settings to :"system_role";

-- Whether this server knows the time zone: its list may be older than that of the service.
create function todo_knows_zone(name text) returns boolean
  language plpgsql stable
as $$
begin
  return timestamptz 'epoch' at time zone name is not null;
exception
  when invalid_parameter_value then
    return false;
end
$$;
revoke all on function todo_knows_zone(text) from public;
grant execute on function todo_knows_zone(text) to :"app_role", :"system_role";

select set_config('todo.auth_mode', :'auth_mode', true), set_config('todo.app_role', :'app_role', true),
       set_config('todo.users_schema', :'users_schema', true), set_config('todo.users_table', :'users_table', true);

-- The user of the scope, as the auth server keeps it; null outside of a scope. An external auth server may name its columns in snake case,
-- may lack some, and may keep when an address was verified instead of whether it was.
do $$
begin
  execute format($function$
create function todo_profile() returns jsonb
  language plpgsql stable security definer set search_path = public, pg_temp
as $body$
declare
  kept jsonb;
begin
  select to_jsonb(u) into kept from %1$I.%2$I u where u.id = nullif(current_setting('app.user_id', true), '');
  return case when kept is not null then jsonb_build_object(
    'id', kept -> 'id',
    'name', coalesce(kept ->> 'name', ''),
    'email', coalesce(kept ->> 'email', ''),
    'emailVerified', coalesce(kept ->> 'emailVerified', kept ->> 'email_verified', 'false') <> 'false',
    'createdAt', public.todo_instant_json(coalesce(kept ->> 'createdAt', kept ->> 'created_at')::timestamptz(3))::jsonb) end;
end
$body$
$function$, current_setting('todo.users_schema'), current_setting('todo.users_table'));
  revoke all on function todo_profile() from public;
  execute format('grant execute on function todo_profile() to %I', current_setting('todo.app_role'));

  if current_setting('todo.auth_mode') = 'external' then
    return;
  end if;
  -- The function runs as the owner, which forced row-level security binds too: it can change the user of the scope alone.
  create policy renamed on users
    for update to current_user
    using (id = nullif(current_setting('app.user_id', true), ''))
    with check (id = nullif(current_setting('app.user_id', true), ''));
  create function todo_rename(new_name text) returns void
    language sql volatile security definer set search_path = public, pg_temp
  as 'update public.users set name = new_name, "updatedAt" = now() where id = nullif(current_setting(''app.user_id'', true), '''')';
  revoke all on function todo_rename(text) from public;
  execute format('grant execute on function todo_rename(text) to %I', current_setting('todo.app_role'));
end $$;
