-- expand

-- The change log: every change of a user's data, in the order in which the changes were committed (docs/adr/0026-change-log.md). Triggers
-- write it, in the transaction of the change. The serving role reads it and has no right to write it.

-- The users who have a log. A row is made by the first change of its user.
create table change_logs (
  user_id text primary key references :"users_schema".:"users_table" (id) on delete cascade,
  -- The newest entry that the purge has deleted; 0 and null for none. The log is complete after it.
  purged_seq bigint not null default 0,
  purged_change_id uuid
);

-- No foreign key: it would be checked, and lock a row, with each entry. A trigger on change_logs deletes the entries of a deleted user.
create table changes (
  user_id text not null,
  -- 1, 2, 3 … for each user, in commit order and without gaps.
  seq bigint not null,
  -- The request that made the change. Its entries are consecutive.
  change_id uuid not null,
  -- The seq of the first of these entries.
  first_seq bigint not null,
  at timestamptz(3) not null,
  -- The kind of entity: 'task'.
  type text not null,
  entity_id uuid not null,
  -- 'create', 'update' or 'delete'.
  op text not null,
  -- The version of the entity after the change; of a deleted entity, its last.
  version integer not null,
  -- Who made the change, and in which request. Null for a change by other programs, and by processes of a version before this table.
  actor_kind text,
  actor_name text,
  request_id text,
  operation text,
  -- The values that the change replaced, named and formatted as in the JSON of the entity: the members that an update changed, all
  -- members of a deleted entity. Null for a creation.
  before jsonb,
  -- The values that it set: the members of `before`, all members of a created entity. Null for a deletion. Kept because otherwise the
  -- later entries of the entity would have to be read, however many they are.
  after jsonb,
  -- Whether this entry is of a deleted entity that can be restored, from `before`.
  in_trash boolean not null default false,
  primary key (user_id, seq)
);

-- The history of an entity, and the lookup of its newest entry.
create index changes_by_entity on changes (user_id, type, entity_id, seq);
-- A request by its id, and the trash of a user. Only few entries are in these.
create index changes_by_request on changes (user_id, change_id) where seq = first_seq;
create index changes_in_trash on changes (user_id, seq) where in_trash;

-- The position of a log that has no entries yet. The value tells this database from one that was migrated at another time.
create table change_log_origin (
  change_id uuid primary key default gen_random_uuid()
);
insert into change_log_origin default values;

-- Appends an entry to the log of a user, and sets app.log_position to it, where RETURNING can read it: "<seq> <change_id>". Gives the
-- same.
--
-- The lock makes the transactions of one user that change anything commit one after another, from their first entry on. So a
-- transaction that got a later seq cannot commit first, and a reader who has seen seq n will see no entry ≤ n appear. Each statement in
-- this function has a snapshot of its own, taken after the lock was. A statement that locks or changes rows takes the same lock before it
-- does (src/db/change-log.ts), so that two transactions cannot wait for each other's rows and log.
--
-- Here and in the trigger functions, functions are called by assignments. PERFORM would start a query for each call.
create function todo_log(
  owner_id text, subject text, subject_id uuid, op text, version integer, before jsonb, after jsonb, in_trash boolean
) returns text
  language plpgsql volatile
as $$
declare
  locked text := pg_advisory_xact_lock(hashtextextended(owner_id, 8));
  -- {change, kind, name, request, operation}, by the process that serves the request.
  origin jsonb := coalesce(nullif(current_setting('app.origin', true), ''),
    set_config('app.origin', concat('{"change":"', gen_random_uuid(), '"}'), true));
  newest record;
  new_seq bigint;
begin
  select c.seq, c.change_id, c.first_seq into newest from public.changes c where c.user_id = owner_id order by c.seq desc limit 1;
  new_seq := coalesce(newest.seq, public.todo_begin_log(owner_id)) + 1;
  insert into public.changes (
    user_id, seq, change_id, first_seq, at, type, entity_id, op, version, actor_kind, actor_name, request_id, operation,
    before, after, in_trash)
  values (
    owner_id, new_seq, (origin ->> 'change')::uuid,
    case when newest.change_id = (origin ->> 'change')::uuid then newest.first_seq else new_seq end,
    clock_timestamp(), subject, subject_id, op, version,
    origin ->> 'kind', origin ->> 'name', origin ->> 'request', origin ->> 'operation', before, after, in_trash);
  return set_config('app.log_position', concat(new_seq, ' ', origin ->> 'change'), true);
end
$$;

-- The seq before the first entry, for a log that is new or was purged entirely.
create function todo_begin_log(owner_id text) returns bigint
  language plpgsql volatile
as $$
begin
  insert into public.change_logs (user_id) values (owner_id) on conflict do nothing;
  return (select l.purged_seq from public.change_logs l where l.user_id = owner_id);
end
$$;

select set_config('todo.users_schema', :'users_schema', true), set_config('todo.users_table', :'users_table', true);

do $$
begin
  execute format($function$
create function todo_has_user(id text) returns boolean
  language plpgsql stable
as $body$
begin
  return exists (select from %I.%I u where u.id = todo_has_user.id);
end
$body$
$function$, current_setting('todo.users_schema'), current_setting('todo.users_table'));
end $$;

-- Logs a change of a task. BEFORE, because the RETURNING of the statement can then read app.log_position. Triggers that alter the row
-- must have names before this one's. An ON CONFLICT DO NOTHING must name the primary key: this function knows only that key. It compares
-- the JSON of the task, and so need not be changed for a new field.
create function todo_log_task() returns trigger
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
  old_json jsonb;
  new_json jsonb;
  replaced jsonb := '{}';
  given jsonb := '{}';
  members jsonb;
  member text;
  is_known boolean;
  earlier_seq bigint;
  earlier record;
  locked text;
  logged text;
begin
  if tg_op = 'INSERT' then
    -- A row without a user is refused after this trigger.
    if new.user_id is null then
      return new;
    end if;
    -- An INSERT … ON CONFLICT DO NOTHING of an id that exists is no change. Under the lock no other transaction can delete or create it.
    locked := pg_advisory_xact_lock(hashtextextended(new.user_id, 8));
    -- A range of one id, in the order of the id: only one index has this order. For an equal id the planner may choose any index that
    -- begins with user_id while the tables have no statistics, and would read all rows of the user.
    select
      (select t.id from public.tasks t
       where t.user_id = new.user_id and t.id >= new.id and t.id <= new.id order by t.id limit 1) is not null,
      (select c.seq from public.changes c
       where c.user_id = new.user_id and c.type = 'task' and c.entity_id >= new.id and c.entity_id <= new.id
       order by c.entity_id desc, c.seq desc limit 1)
    into is_known, earlier_seq;
    if is_known then
      return new;
    end if;
    -- Versions continue where a deleted task of this id ended, so that an entity tag never means two states. It leaves the trash.
    if earlier_seq is not null then
      select c.version, c.in_trash into earlier from public.changes c where c.user_id = new.user_id and c.seq = earlier_seq;
      if earlier.version >= new.version then
        new.version := earlier.version + 1;
        new.json := public.todo_task_json(new);
      end if;
      if earlier.in_trash then
        update public.changes c set in_trash = false where c.user_id = new.user_id and c.seq = earlier_seq;
      end if;
    end if;
    logged := public.todo_log(new.user_id, 'task', new.id, 'create', new.version, null, new.json::jsonb, false);
    return new;
  end if;

  old_json := case when old.json_format = public.todo_task_format() then old.json else public.todo_task_json(old) end;
  if tg_op = 'DELETE' then
    -- Outside of the user's scope it may be the cascade of the deletion of the user, whose log is deleted too.
    if old.user_id = current_setting('app.user_id', true) or public.todo_has_user(old.user_id) then
      logged := public.todo_log(old.user_id, 'task', old.id, 'delete', old.version, old_json, null, true);
    end if;
    return old;
  end if;

  -- An update that only derives columns again, such as a backfill, is no change. A loop over an array takes less time than a query over
  -- the members.
  new_json := new.json;
  if old_json <> new_json then
    members := jsonb_path_query_array(old_json - '{version,updatedAt}'::text[], '$.keyvalue().key');
    for place in 0 .. jsonb_array_length(members) - 1 loop
      member := members ->> place;
      if old_json -> member <> new_json -> member then
        replaced := replaced || jsonb_build_object(member, old_json -> member);
        given := given || jsonb_build_object(member, new_json -> member);
      end if;
    end loop;
    logged := public.todo_log(new.user_id, 'task', new.id, 'update', new.version, replaced, given, false);
  end if;
  return new;
end
$$;

create trigger tasks_logged before insert or update or delete on tasks for each row execute function todo_log_task();

-- Proves many principals at once, [{kind, proof, needs}], and gives the position of the log of each one's user, as in src/db/change-log.ts;
-- null for one that proves no user. It has the rights of its caller: each log is read in the scope of its user.
create function todo_positions(principals jsonb) returns setof text
  language plpgsql volatile
as $$
declare
  principal jsonb;
  owner_id text;
begin
  for principal in select value from jsonb_array_elements(principals) with ordinality order by ordinality loop
    owner_id := nullif(public.todo_prove(
      principal ->> 'kind', array(select jsonb_array_elements_text(principal -> 'proof')), principal ->> 'needs'), '');
    perform set_config('app.user_id', coalesce(owner_id, ''), true);
    return next case when owner_id is not null then coalesce(
      (select concat(c.seq, ' ', c.change_id) from public.changes c where c.user_id = owner_id order by c.seq desc limit 1),
      (select concat(l.purged_seq, ' ', l.purged_change_id) from public.change_logs l where l.purged_seq > 0),
      (select concat(0, ' ', o.change_id) from public.change_log_origin o)) end;
  end loop;
  perform set_config('app.user_id', '', true);
end
$$;
revoke all on function todo_positions(jsonb) from public;
grant execute on function todo_positions(jsonb) to :"app_role";

create function todo_erase_log() returns trigger
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
begin
  delete from public.changes where user_id = old.user_id;
  return null;
end
$$;

create trigger change_logs_erased after delete on change_logs for each row execute function todo_erase_log();

revoke all on function todo_log(text, text, uuid, text, integer, jsonb, jsonb, boolean), todo_begin_log(text), todo_has_user(text), todo_log_task(),
  todo_erase_log() from public;

alter table change_logs enable row level security;
alter table change_logs force row level security;
alter table changes enable row level security;
alter table changes force row level security;
alter table change_log_origin enable row level security;
alter table change_log_origin force row level security;

create policy change_logs_of_the_user on change_logs
  for select to :"app_role"
  using (user_id = (select nullif(current_setting('app.user_id', true), '')));
create policy changes_of_the_user on changes
  for select to :"app_role"
  using (user_id = (select nullif(current_setting('app.user_id', true), '')));
create policy origin_in_a_scope on change_log_origin
  for select to :"app_role"
  using ((select nullif(current_setting('app.user_id', true), '')) is not null);

-- The purge sees the entries that are old enough, without what they say, and which part of each log is gone.
create policy old_changes on changes
  for all to :"system_role"
  using (at < now() - interval '90 days')
  with check (false);
create policy change_logs_purged on change_logs
  for all to :"system_role"
  using (true)
  with check (purged_seq > 0);

-- The triggers run as the owner, which forced row-level security binds too. Outside of triggers it sees no entry.
create policy change_logs_written on change_logs for all to current_user using (pg_trigger_depth() > 0);
create policy changes_written on changes for all to current_user using (pg_trigger_depth() > 0);
create policy tasks_logged on tasks for select to current_user using (pg_trigger_depth() > 0);

grant select on change_logs, changes, change_log_origin to :"app_role";
grant select (user_id, seq, change_id, at), delete on changes to :"system_role";
grant select, update (purged_seq, purged_change_id) on change_logs to :"system_role";
