-- expand

-- Users' keys for AI providers, one for each provider, encrypted by the service: PostgreSQL never sees a key in clear. What the API
-- shows of a key is stored beside it, so that a row whose encryption key is lost can still be listed, replaced and deleted.
create table user_api_keys (
  user_id text not null default nullif(current_setting('app.user_id', true), '')
    references :"users_schema".:"users_table" (id) on delete cascade,
  -- The list of providers is in the code: a new one needs no migration.
  provider text not null check (provider ~ '^[a-z][a-z0-9_-]{0,31}$'),
  -- A new one with every key that is stored. It stays when the encryption key changes.
  key_id uuid not null,
  -- A Fernet token
  encrypted_key text not null,
  masked_key text not null,
  validation_status text not null
    check (validation_status in ('success', 'failure', 'quota_exceeded', 'unreachable')),
  last_validated_at timestamptz(3),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  primary key (user_id, provider)
);

-- A row for each time that a service read a key in clear. It outlives the key, and is deleted with the user.
create table user_api_key_reads (
  id uuid not null,
  user_id text not null default nullif(current_setting('app.user_id', true), '')
    references :"users_schema".:"users_table" (id) on delete cascade,
  provider text not null,
  service text not null,
  request_id text not null,
  read_at timestamptz(3) not null default now(),
  primary key (user_id, id)
);

create index user_api_key_reads_by_time on user_api_key_reads (user_id, provider, read_at desc, id desc);
-- For the purge.
create index user_api_key_reads_by_age on user_api_key_reads (read_at);

alter table user_api_keys enable row level security;
alter table user_api_keys force row level security;
alter table user_api_key_reads enable row level security;
alter table user_api_key_reads force row level security;

create policy user_api_keys_of_the_user on user_api_keys
  for all to :"app_role"
  using (user_id = (select nullif(current_setting('app.user_id', true), '')))
  with check (user_id = (select nullif(current_setting('app.user_id', true), '')));

-- A change of encryption keys is for all users at once. It reads and writes the encrypted keys, and nothing else.
create policy rotation_reads on user_api_keys for select to :"system_role" using (true);
create policy rotation_writes on user_api_keys for update to :"system_role" using (true) with check (true);

-- Users can see the reads of their own keys. No role can change a row.
create policy user_api_key_reads_of_the_user on user_api_key_reads
  for select to :"app_role"
  using (user_id = (select nullif(current_setting('app.user_id', true), '')));
create policy user_api_key_reads_by_the_user on user_api_key_reads
  for insert to :"app_role"
  with check (user_id = (select nullif(current_setting('app.user_id', true), '')));

-- The purge finds, locks and deletes reads older than a year. SELECT … FOR UPDATE requires the right to update a column; the check
-- refuses every update.
create policy old_reads on user_api_key_reads
  for all to :"system_role"
  using (read_at < now() - interval '1 year')
  with check (false);

grant select, delete on user_api_keys to :"app_role";
grant insert (provider, key_id, encrypted_key, masked_key, validation_status, last_validated_at)
  on user_api_keys to :"app_role";
grant update (key_id, encrypted_key, masked_key, validation_status, last_validated_at, updated_at)
  on user_api_keys to :"app_role";
grant select (user_id, provider, encrypted_key), update (encrypted_key) on user_api_keys to :"system_role";

grant select on user_api_key_reads to :"app_role";
grant insert (id, provider, service, request_id) on user_api_key_reads to :"app_role";
grant select (user_id, id, read_at), update (read_at), delete on user_api_key_reads to :"system_role";
