-- expand

-- Personal tokens: credentials of programs that act for a user, limited to scopes (docs/adr/0031-personal-tokens.md).
create table personal_tokens (
  user_id text not null default nullif(current_setting('app.user_id', true), '')
    references :"users_schema".:"users_table" (id) on delete cascade,
  id uuid not null,
  name text not null check (char_length(name) between 1 and 100),
  -- The beginning of the token, by which its owner recognizes it.
  prefix text not null check (prefix ~ '^todo_pat_[0-9A-Za-z]{4}$'),
  -- The HMAC-SHA256 of the token in hex. The token itself is not stored.
  hash text not null check (hash ~ '^[0-9a-f]{64}$'),
  scopes text[] not null check (cardinality(scopes) between 1 and 20),
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3) not null,
  -- The hour of its last use.
  last_used_at timestamptz(3),
  primary key (user_id, id)
);

-- Not unique, because a key must begin with the user. The token has 178 random bits.
create index personal_tokens_by_hash on personal_tokens (hash);

alter table personal_tokens enable row level security;
alter table personal_tokens force row level security;

create policy personal_tokens_of_the_user on personal_tokens
  for all to :"app_role"
  using (user_id = (select nullif(current_setting('app.user_id', true), '')))
  with check (user_id = (select nullif(current_setting('app.user_id', true), '')));

-- Requests write hashes and cannot read them, and no request changes a token.
grant select (user_id, id, name, prefix, scopes, created_at, expires_at, last_used_at), delete on personal_tokens to :"app_role";
grant insert (id, name, prefix, hash, scopes, expires_at) on personal_tokens to :"app_role";

-- The functions below run as the owner, which forced row-level security binds too.
create policy credential_check on personal_tokens for select to current_user using (true);
create policy tokens_used on personal_tokens for update to current_user using (true) with check (true);

-- Notes the hour in which tokens were used, and stores them under the current key of the HMAC. The two arrays are pairs: what the table
-- may hold for a presented token, and what it should hold. Rows that another process is noting are left to it.
create function todo_note_token_uses(presented text[], wanted text[]) returns void
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
  this_hour constant timestamptz := date_trunc('hour', now(), 'UTC');
begin
  update public.personal_tokens t set hash = used.wanted_hash, last_used_at = this_hour
  from (
    select stored.user_id, stored.id, use.wanted_hash
    from unnest(presented, wanted) as use (presented_hash, wanted_hash)
    join public.personal_tokens stored on stored.hash = use.presented_hash
    where stored.expires_at > now()
      and (stored.hash <> use.wanted_hash or stored.last_used_at is null or stored.last_used_at < this_hour)
    for update of stored skip locked
  ) used
  where t.user_id = used.user_id and t.id = used.id;
end
$$;
revoke all on function todo_note_token_uses(text[], text[]) from public;
grant execute on function todo_note_token_uses(text[], text[]) to :"system_role";

-- Adds the name of a personal token to what it changes. The process that serves its request knows only what proves the token.
create function todo_name_token() returns trigger
  language plpgsql volatile
as $$
declare
  token_key text;
begin
  for token_key in select jsonb_array_elements_text(current_setting('app.origin')::jsonb -> 'token') loop
    select t.name into new.actor_name from public.personal_tokens t where t.hash = token_key limit 1;
    exit when found;
  end loop;
  return new;
end
$$;
revoke all on function todo_name_token() from public;

create trigger changes_named before insert on changes
  for each row when (new.actor_kind = 'token') execute function todo_name_token();

-- As in 0006_jobs, with personal tokens. They give '' where the token does not have the scope `needs`, and also where that is null:
-- then no scope is enough. 'any' asks only whether the token is valid.
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
