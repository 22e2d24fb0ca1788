-- expand

-- Apps that users connect by OAuth 2.1, in place of handing them a password or a personal token (docs/adr/0038-oauth.md).

-- Apps that registered themselves (RFC 7591), which any program may do. An app whose id is the URL of a document is not stored: the document is
-- read at each authorization.
create table oauth_clients (
  id uuid primary key,
  name text not null check (char_length(name) between 1 and 100),
  redirect_uris text[] not null check (cardinality(redirect_uris) between 1 and 10),
  -- Whether it said that it uses refresh tokens.
  may_refresh boolean not null,
  created_at timestamptz(3) not null default now(),
  -- When it was last connected to a user. Null: it never was, and it is deleted after a day.
  connected_at timestamptz(3)
);

-- For the purge.
create index oauth_clients_by_age on oauth_clients ((coalesce(connected_at, created_at)));

-- What users have allowed. A grant is one consent: one code, and the tokens that follow from it.
create table oauth_grants (
  user_id text not null default nullif(current_setting('app.user_id', true), '')
    references :"users_schema".:"users_table" (id) on delete cascade,
  id uuid not null,
  -- The id of a row of oauth_clients, or the URL of a document.
  client_id text not null check (char_length(client_id) between 1 and 512),
  -- As the user saw them. A later change of the app does not change them.
  client_name text not null check (char_length(client_name) between 1 and 100),
  redirect_uri text not null check (char_length(redirect_uri) between 1 and 1024),
  scopes text[] not null check (cardinality(scopes) between 1 and 20),
  -- Whether the app gets refresh tokens.
  may_refresh boolean not null,
  -- The HMAC-SHA256 of the authorization code in hex, and the S256 challenge of PKCE. The code itself is not stored.
  code_hash text not null check (code_hash ~ '^[0-9a-f]{64}$'),
  code_challenge text not null check (code_challenge ~ '^[A-Za-z0-9_-]{43}$'),
  code_expires_at timestamptz(3) not null,
  code_used_at timestamptz(3),
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3) not null,
  primary key (user_id, id)
);

-- Not unique, because a key must begin with the user. The code has 178 random bits.
create index oauth_grants_by_code on oauth_grants (code_hash);
-- For the purge.
create index oauth_grants_by_expiry on oauth_grants ((case when code_used_at is null then code_expires_at else expires_at end));

create table oauth_tokens (
  user_id text not null,
  grant_id uuid not null,
  -- The HMAC-SHA256 of the token in hex. The token itself is not stored.
  hash text not null check (hash ~ '^[0-9a-f]{64}$'),
  kind text not null check (kind in ('access', 'refresh')),
  scopes text[] not null check (cardinality(scopes) between 1 and 20),
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3) not null,
  -- When a refresh token was exchanged for the next one. Its use after the grace ends the grant.
  replaced_at timestamptz(3),
  primary key (user_id, hash),
  foreign key (user_id, grant_id) references oauth_grants (user_id, id) on delete cascade
);

create index oauth_tokens_by_hash on oauth_tokens (hash);
create index oauth_tokens_by_grant on oauth_tokens (user_id, grant_id, created_at);
-- For the purge.
create index oauth_tokens_by_expiry on oauth_tokens (expires_at);

alter table oauth_clients enable row level security;
alter table oauth_clients force row level security;
alter table oauth_grants enable row level security;
alter table oauth_grants force row level security;
alter table oauth_tokens enable row level security;
alter table oauth_tokens force row level security;

create policy grants_of_the_user on oauth_grants
  for all to :"app_role"
  using (user_id = (select nullif(current_setting('app.user_id', true), '')))
  with check (user_id = (select nullif(current_setting('app.user_id', true), '')));
create policy tokens_of_the_user on oauth_tokens
  for select to :"app_role"
  using (user_id = (select nullif(current_setting('app.user_id', true), '')));

-- The token endpoint, at which apps have no session of the user, and the purge.
create policy authorization_server on oauth_clients for all to :"system_role" using (true) with check (true);
create policy authorization_server on oauth_grants for all to :"system_role" using (true) with check (true);
create policy authorization_server on oauth_tokens for all to :"system_role" using (true) with check (true);

-- Requests of the user allow and end access. They cannot read hashes, and get no token.
grant select (user_id, id, client_id, client_name, redirect_uri, scopes, may_refresh, code_used_at, code_expires_at, created_at, expires_at),
  delete on oauth_grants to :"app_role";
grant insert (id, client_id, client_name, redirect_uri, scopes, may_refresh, code_hash, code_challenge, code_expires_at, expires_at)
  on oauth_grants to :"app_role";
grant select (user_id, grant_id, kind, created_at, expires_at) on oauth_tokens to :"app_role";

grant select, delete, insert (id, name, redirect_uris, may_refresh), update (connected_at) on oauth_clients to :"system_role";
grant select, delete, update (code_used_at) on oauth_grants to :"system_role";
grant select, delete, insert (user_id, grant_id, hash, kind, scopes, expires_at), update (replaced_at) on oauth_tokens to :"system_role";

-- The functions below run as the owner, which forced row-level security binds too.
create policy credential_check on oauth_tokens for select to current_user using (true);
create policy app_names on oauth_grants for select to current_user using (pg_trigger_depth() > 0);

-- Adds the name of an app to what it changes, as todo_name_token does for personal tokens.
create function todo_name_app() returns trigger
  language plpgsql volatile
as $$
declare
  token_key text;
begin
  for token_key in select jsonb_array_elements_text(current_setting('app.origin')::jsonb -> 'token') loop
    select g.client_name into new.actor_name
    from public.oauth_tokens t join public.oauth_grants g on g.user_id = t.user_id and g.id = t.grant_id
    where t.hash = token_key limit 1;
    exit when found;
  end loop;
  return new;
end
$$;
revoke all on function todo_name_app() from public;

create trigger changes_named_by_app before insert on changes
  for each row when (new.actor_kind = 'app') execute function todo_name_app();

-- As in 0012_tokens, with access tokens of apps.
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
  elsif kind = 'app' then
    foreach token_key in array coalesce(proof, '{}') loop
      select t.user_id, needs = 'any' or needs = any (t.scopes) into user_id, is_allowed
      from public.oauth_tokens t where t.hash = token_key and t.kind = 'access' and t.expires_at > now() limit 1;
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
