-- expand

-- Which change of the log took back which ones (docs/adr/0029-undo.md). The log has what an undo changed; only the request knew why.
create table undos (
  user_id text not null default nullif(current_setting('app.user_id', true), '')
    references :"users_schema".:"users_table" (id) on delete cascade,
  -- The change_id of the undo, and of the change that it took back.
  undo_id uuid not null,
  undone_id uuid not null,
  -- The seq of the first entry of the undo: the order in which the undos of one change were made.
  seq bigint not null,
  made_at timestamptz(3) not null default now(),
  primary key (user_id, undo_id, undone_id)
);

create index undos_by_undone on undos (user_id, undone_id, seq);
-- For the purge.
create index undos_by_age on undos (made_at);

alter table undos enable row level security;
alter table undos force row level security;

create policy undos_of_the_user on undos
  for all to :"app_role"
  using (user_id = (select nullif(current_setting('app.user_id', true), '')))
  with check (user_id = (select nullif(current_setting('app.user_id', true), '')));
-- The log is kept for 90 days.
create policy old_undos on undos
  for all to :"system_role"
  using (made_at < now() - interval '90 days')
  with check (false);

grant select on undos to :"app_role";
grant insert (undo_id, undone_id, seq) on undos to :"app_role";
grant select (user_id, undo_id, undone_id, made_at), delete on undos to :"system_role";

-- The undo of a deletion after which the task was created again: it has its earlier time of creation then.
grant update (created_at) on tasks to :"app_role";
