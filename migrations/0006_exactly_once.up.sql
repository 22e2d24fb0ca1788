-- Ids that clients choose are unique for their user. Across users they would tell whether somebody else has one.
alter table tasks drop constraint tasks_pkey, add constraint tasks_pkey primary key (user_id, id);

-- What a request with an Idempotency-Key came to, for as long as it may be repeated. Written in the transaction of its work.
create table idempotency_keys (
  user_id text not null default nullif(current_setting('app.user_id', true), '')
    references :"users_schema".:"users_table" (id) on delete cascade,
  key text not null check (char_length(key) between 1 and 255),
  -- SHA-256 of all that makes the request what it is
  fingerprint bytea not null check (octet_length(fingerprint) = 32),
  -- as JSON text, exactly as it was; null for work without a result
  result text,
  created_at timestamptz not null default now(),
  primary key (user_id, key)
);

create index idempotency_keys_by_age on idempotency_keys (created_at);

alter table idempotency_keys enable row level security;
alter table idempotency_keys force row level security;

create policy idempotency_keys_of_the_user on idempotency_keys
  for all to :"app_role"
  using (user_id = nullif(current_setting('app.user_id', true), ''))
  with check (user_id = nullif(current_setting('app.user_id', true), ''));

grant select on idempotency_keys to :"app_role";
grant insert (key, fingerprint, result) on idempotency_keys to :"app_role";
-- One that has expired is used anew.
grant update (fingerprint, result, created_at) on idempotency_keys to :"app_role";

-- The purge: it finds, locks and deletes what has expired, and can neither see the rest nor read what any request came to.
-- SELECT … FOR UPDATE takes the right to update a column, which the check then never lets happen.
create policy expired_keys on idempotency_keys
  for all to :"system_role"
  using (created_at < now() - interval '24 hours')
  with check (false);

grant select (user_id, key, created_at), update (created_at), delete on idempotency_keys to :"system_role";
