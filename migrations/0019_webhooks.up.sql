-- expand

-- Webhooks: URLs of users that get their changes (docs/adr/0034-webhooks.md). Each is a reader of the change log with a position of its own.
-- Nothing is added for a change: a job delivers what lies between the position and the end of the log.
create table webhooks (
  user_id text not null default nullif(current_setting('app.user_id', true), '')
    references :"users_schema".:"users_table" (id) on delete cascade,
  id uuid not null,
  url text not null check (char_length(url) between 1 and 2048),
  -- The list of types is in the code: a new one needs no migration.
  events text[] not null check (cardinality(events) between 1 and 50),
  description text check (char_length(description) <= 500),
  active boolean not null,
  -- Fernet tokens: the secret that signs, and the one before it, which signs too until `previous_until`.
  sealed_secret text not null,
  previous_secret text,
  previous_until timestamptz(3),
  version integer not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  -- Why the service has disabled it; null if it has not.
  disabled_reason text,
  disabled_at timestamptz(3),
  -- The newest entry of the change log that is delivered, or that this webhook does not take.
  cursor_seq bigint not null,
  -- How often the delivery of the next entry has failed.
  failed_attempts integer not null default 0,
  -- Whether the last answer took long: then its jobs wait for their turn among the slow ones.
  is_slow boolean not null default false,
  primary key (user_id, id)
);

-- An attempt to deliver an event, or one that is to be made because the user has asked for it.
create table webhook_deliveries (
  user_id text not null default nullif(current_setting('app.user_id', true), ''),
  id uuid not null,
  webhook_id uuid not null,
  -- The header webhook-id: the same for each attempt to deliver an event.
  message_id text not null,
  type text not null,
  -- The entry of the change log; null for a test.
  seq bigint,
  change_id uuid,
  -- 'change', 'test' or 'redelivery'.
  cause text not null,
  -- 'pending', 'succeeded', 'failed', or 'lost' for entries that the log does not have any more.
  status text not null,
  attempt integer not null,
  created_at timestamptz(3) not null default now(),
  duration_ms integer,
  response_status integer,
  -- The beginning of the answer.
  response_body text check (octet_length(response_body) <= 4096),
  error text check (char_length(error) <= 500),
  next_attempt_at timestamptz(3),
  primary key (user_id, id),
  foreign key (user_id, webhook_id) references webhooks (user_id, id) on delete cascade
);

create index webhook_deliveries_by_webhook on webhook_deliveries (user_id, webhook_id, id);
-- For the purge.
create index webhook_deliveries_by_age on webhook_deliveries (created_at);

alter table webhooks enable row level security;
alter table webhooks force row level security;
alter table webhook_deliveries enable row level security;
alter table webhook_deliveries force row level security;

create policy webhooks_of_the_user on webhooks
  for all to :"app_role"
  using (user_id = (select nullif(current_setting('app.user_id', true), '')))
  with check (user_id = (select nullif(current_setting('app.user_id', true), '')));
create policy webhook_deliveries_of_the_user on webhook_deliveries
  for all to :"app_role"
  using (user_id = (select nullif(current_setting('app.user_id', true), '')))
  with check (user_id = (select nullif(current_setting('app.user_id', true), '')));

-- The process that has made a change looks which webhooks take it. A change of encryption keys reads and writes the secrets.
create policy webhooks_found on webhooks for select to :"system_role" using (true);
create policy webhooks_rotated on webhooks for update to :"system_role" using (true) with check (true);
-- The purge finds, locks and deletes old deliveries. SELECT … FOR UPDATE requires the right to update a column; the check refuses every
-- update.
create policy old_deliveries on webhook_deliveries
  for all to :"system_role"
  using (created_at < now() - interval '30 days')
  with check (false);

grant select, delete on webhooks to :"app_role";
grant insert (id, url, events, description, active, sealed_secret, cursor_seq) on webhooks to :"app_role";
grant update (url, events, description, active, sealed_secret, previous_secret, previous_until, version, updated_at,
  disabled_reason, disabled_at, cursor_seq, failed_attempts, is_slow) on webhooks to :"app_role";
grant select (user_id, id, active, is_slow, sealed_secret, previous_secret), update (sealed_secret, previous_secret)
  on webhooks to :"system_role";

grant select, delete on webhook_deliveries to :"app_role";
grant insert (id, webhook_id, message_id, type, seq, change_id, cause, status, attempt, duration_ms, response_status, response_body,
  error, next_attempt_at) on webhook_deliveries to :"app_role";
grant update (status, duration_ms, response_status, response_body, error) on webhook_deliveries to :"app_role";
grant select (user_id, id, created_at), update (error), delete on webhook_deliveries to :"system_role";

-- The active webhooks after one of them, at most so many, in the order of their keys, and whether the log of their user has entries that
-- they have not seen. A process that died between a commit and the job that it should have added leaves such webhooks.
create function todo_webhooks_behind(
  after_user text, after_id uuid, most integer,
  out user_id text, out id uuid, out is_slow boolean, out is_behind boolean
) returns setof record
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
  found_hook record;
begin
  perform set_config('app.sweeping', 'on', true);
  for found_hook in
    select w.user_id, w.id, w.is_slow, w.cursor_seq from public.webhooks w
    where w.active and (w.user_id, w.id) > (after_user, after_id) order by w.user_id, w.id limit most
  loop
    user_id := found_hook.user_id;
    id := found_hook.id;
    is_slow := found_hook.is_slow;
    is_behind := found_hook.cursor_seq < coalesce(
      (select c.seq from public.changes c where c.user_id = found_hook.user_id order by c.seq desc limit 1), 0);
    return next;
  end loop;
  perform set_config('app.sweeping', '', true);
end
$$;

revoke all on function todo_webhooks_behind(text, uuid, integer) from public;
grant execute on function todo_webhooks_behind(text, uuid, integer) to :"system_role";

-- The function runs as the owner, which forced row-level security binds too. Other roles gain nothing by this setting: the policies are for
-- the owner.
create policy webhooks_swept on webhooks for select to current_user using (current_setting('app.sweeping', true) = 'on');
create policy changes_counted on changes for select to current_user using (current_setting('app.sweeping', true) = 'on');
