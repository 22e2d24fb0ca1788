-- Tables of another auth server stay as they are: they have no policy of this name.
do $$
begin
  if exists (select from pg_policy where polname = 'auth_server' and polrelid = to_regclass('public.users')) then
    drop table user_verifications, user_accounts, user_sessions, users;
  end if;
end $$;
