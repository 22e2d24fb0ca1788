-- expand

-- Users and their sessions, in the layout of better-auth 1.7, which names columns in camelCase. If another auth server keeps
-- them (auth_mode is external), this migration creates no table, and the functions below read that server's tables.
select set_config('todo.system_role', :'system_role', true), set_config('todo.auth_mode', :'auth_mode', true),
       set_config('todo.users_schema', :'users_schema', true), set_config('todo.users_table', :'users_table', true),
       set_config('todo.sessions_schema', :'sessions_schema', true), set_config('todo.sessions_table', :'sessions_table', true),
       set_config('todo.session_user_column', :'session_user_column', true),
       set_config('todo.session_expiry_column', :'session_expiry_column', true);

do $$
declare
  auth_table text;
begin
  if current_setting('todo.auth_mode') = 'external' then
    return;
  end if;

  create table users (
    id text primary key,
    name text not null,
    email text not null unique,
    "emailVerified" boolean not null,
    image text,
    "createdAt" timestamptz not null default current_timestamp,
    "updatedAt" timestamptz not null default current_timestamp
  );
  create table user_sessions (
    id text primary key,
    "expiresAt" timestamptz not null,
    -- The HMAC-SHA256 of the token in hex. The token itself is not stored.
    token text not null unique,
    "createdAt" timestamptz not null default current_timestamp,
    "updatedAt" timestamptz not null,
    "ipAddress" text,
    "userAgent" text,
    "userId" text not null references users (id) on delete cascade
  );
  create table user_accounts (
    id text primary key,
    "accountId" text not null,
    "providerId" text not null,
    "userId" text not null references users (id) on delete cascade,
    "accessToken" text,
    "refreshToken" text,
    "idToken" text,
    "accessTokenExpiresAt" timestamptz,
    "refreshTokenExpiresAt" timestamptz,
    scope text,
    password text,
    "createdAt" timestamptz not null default current_timestamp,
    "updatedAt" timestamptz not null
  );
  create table user_verifications (
    id text primary key,
    identifier text not null,
    value text not null,
    "expiresAt" timestamptz not null,
    "createdAt" timestamptz not null default current_timestamp,
    "updatedAt" timestamptz not null default current_timestamp
  );
  create index user_sessions_by_user on user_sessions ("userId");
  create index user_accounts_by_user on user_accounts ("userId");
  create index user_verifications_by_identifier on user_verifications (identifier);

  foreach auth_table in array array['users', 'user_sessions', 'user_accounts', 'user_verifications'] loop
    execute format('alter table %I enable row level security', auth_table);
    execute format('alter table %I force row level security', auth_table);
    execute format('create policy auth_server on %I for all to %I using (true) with check (true)',
      auth_table, current_setting('todo.system_role'));
    execute format('grant select, insert, update, delete on %I to %I', auth_table, current_setting('todo.system_role'));
  end loop;

  -- The function that proves a principal runs as the owner, which forced row-level security binds too.
  create policy credential_check on users for select to current_user using (true);
  create policy credential_check on user_sessions for select to current_user using (true);
end $$;

-- `todo_prove` in 0006_jobs reads these tables. PL/pgSQL does not check types when a function is created, so this fails here if ids or
-- tokens are not text.
do $$
begin
  execute format($check$
select from %1$I.%2$I s join %3$I.%4$I u on u.id = s.%5$I
where s.token = ''::text and u.id = ''::text and extract(epoch from s.%6$I) > 0 limit 0
$check$,
    current_setting('todo.sessions_schema'), current_setting('todo.sessions_table'),
    current_setting('todo.users_schema'), current_setting('todo.users_table'),
    current_setting('todo.session_user_column'), current_setting('todo.session_expiry_column'));
end $$;
