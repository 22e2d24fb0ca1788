-- expand

-- The results of requests with an Idempotency-Key, for the time in which they may be repeated. A result is written in the
-- transaction of its request.
create table idempotency_keys (
  user_id text not null default nullif(current_setting('app.user_id', true), '')
    references :"users_schema".:"users_table" (id) on delete cascade,
  key text not null check (char_length(key) between 1 and 255),
  -- SHA-256 of everything that makes a request the same request
  fingerprint bytea not null check (octet_length(fingerprint) = 32),
  -- The result as JSON text, byte for byte; null for a request without a result
  result text,
  created_at timestamptz not null default now(),
  -- The definition of "the same request" that the fingerprint was made by
  fingerprint_version smallint not null default 1,
  primary key (user_id, key)
);

-- For the purge.
create index idempotency_keys_by_age on idempotency_keys (created_at);

alter table idempotency_keys enable row level security;
alter table idempotency_keys force row level security;

create policy idempotency_keys_of_the_user on idempotency_keys
  for all to :"app_role"
  using (user_id = (select nullif(current_setting('app.user_id', true), '')))
  with check (user_id = (select nullif(current_setting('app.user_id', true), '')));

-- The purge finds, locks and deletes expired keys. It cannot see the others, or read any result. SELECT … FOR UPDATE requires the right
-- to update a column; the check refuses every update.
create policy expired_keys on idempotency_keys
  for all to :"system_role"
  using (created_at < now() - interval '24 hours')
  with check (false);

grant select on idempotency_keys to :"app_role";
grant insert (key, fingerprint, result, fingerprint_version) on idempotency_keys to :"app_role";
-- An expired key can be used again.
grant update (fingerprint, result, created_at, fingerprint_version) on idempotency_keys to :"app_role";
grant select (user_id, key, created_at), update (created_at), delete on idempotency_keys to :"system_role";
