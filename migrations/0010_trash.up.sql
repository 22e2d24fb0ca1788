-- expand

-- The trash. It has no table: the entry of a deletion in `changes` has the whole entity and `in_trash`, and the index changes_in_trash has
-- these entries alone (docs/adr/0028-trash.md). A task is restored by an INSERT of what that entry says. Here is what the
-- serving role needs for that, and the functions that delete for good, because it has no right to change the log.

-- A restored task keeps its times.
grant insert (created_at, updated_at) on tasks to :"app_role";

-- Removes what the entries of an entity say, from this seq down: at most so many of them. The entries stay, so that numbers, versions and
-- cursors stay valid. next_seq is that of the first entry that was left, null if none was.
create function todo_erase_entries(
  owner_id text, subject text, subject_id uuid, from_seq bigint, most integer, out next_seq bigint, out erased integer
)
  language plpgsql volatile
as $$
declare
  seqs constant bigint[] := array(
    select c.seq from public.changes c
    where c.user_id = owner_id and c.type = subject and c.entity_id = subject_id and c.seq <= from_seq
    order by c.seq desc limit most + 1);
  entry_seq bigint;
begin
  next_seq := seqs[most + 1];
  erased := least(cardinality(seqs), most);
  -- One by one, by the whole key: for a range or an array of seq the planner may read all entries of the user.
  foreach entry_seq in array seqs[1:most] loop
    update public.changes c set before = null, after = null, in_trash = false where c.user_id = owner_id and c.seq = entry_seq;
  end loop;
end
$$;

-- Deletes an entity for good, whose deletion has this seq: its content, and what its newest entries say, at most so many. A job does the
-- rest of a long history (src/trash/jobs.ts). Gives how many entries were changed.
create function todo_erase_entity(owner_id text, subject text, subject_id uuid, deleted_seq bigint, most integer) returns integer
  language plpgsql volatile
as $$
declare
  next_seq bigint;
  erased integer;
begin
  select e.next_seq, e.erased into next_seq, erased
  from public.todo_erase_entries(owner_id, subject, subject_id, deleted_seq, most) e;
  if next_seq is not null then
    insert into public.jobs (name, for_user, reference) values ('erase-history', owner_id, jsonb_build_object(
      'type', subject, 'id', subject_id, 'deletedSeq', deleted_seq, 'nextSeq', next_seq));
  end if;
  return erased;
end
$$;

-- Deletes those of the entities for good that are in the trash of the scope's user. Gives how many they were. However long their
-- histories are, a call changes at most some 10 000 entries, in addition to one of each entity.
create function todo_erase(subject text, subject_ids uuid[]) returns integer
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
  erasing constant text := set_config('app.erasing', 'on', true);
  owner_id text := nullif(current_setting('app.user_id', true), '');
  entries_left integer := 10000;
  entities integer := 0;
  subject_id uuid;
  newest record;
begin
  -- Under the lock no other transaction can restore them, or create them again.
  perform pg_advisory_xact_lock(hashtextextended(owner_id, 8)) where owner_id is not null;
  foreach subject_id in array coalesce(subject_ids, '{}') loop
    select c.seq, c.in_trash into newest from public.changes c
    where c.user_id = owner_id and c.type = subject and c.entity_id = subject_id order by c.seq desc limit 1;
    if newest.in_trash then
      entities := entities + 1;
      entries_left := entries_left
        - public.todo_erase_entity(owner_id, subject, subject_id, newest.seq, greatest(entries_left, 1));
    end if;
  end loop;
  return entities;
end
$$;

-- The rest of a long history of an entity of the scope's user that was deleted for good: removes what up to 10 000 entries say, from this
-- seq down, and gives the seq of the next one. Does nothing unless the entry deleted_seq shows that the entity was deleted for good.
create function todo_erase_history(subject text, subject_id uuid, deleted_seq bigint, from_seq bigint) returns bigint
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
  erasing constant text := set_config('app.erasing', 'on', true);
  owner_id text := nullif(current_setting('app.user_id', true), '');
begin
  perform pg_advisory_xact_lock(hashtextextended(owner_id, 8)) where owner_id is not null;
  if from_seq < deleted_seq and exists (
    select from public.changes c where c.user_id = owner_id and c.seq = deleted_seq
      and c.type = subject and c.entity_id = subject_id and c.op = 'delete' and c.before is null
  ) then
    return (select e.next_seq from public.todo_erase_entries(owner_id, subject, subject_id, from_seq, 10000) e);
  end if;
  return null;
end
$$;

-- Deletes for good what has been in a trash for more than 30 days: of the first user after this one who has such entries, at most 1000
-- entities. Gives the user after whom to go on, null if there is none. It looks at one entry of each of at most 1000 users, so that a
-- call takes little time.
create function todo_expire_trash(after_user text) returns text
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
  erasing constant text := set_config('app.erasing', 'on', true);
  due_before constant timestamptz := now() - interval '30 days';
  entries_left integer := 10000;
  entities integer := 0;
  oldest record;
  entry record;
begin
  for looked_at in 1 .. 1000 loop
    select c.user_id, c.at into oldest from public.changes c
    where c.in_trash and c.user_id > after_user order by c.user_id, c.seq limit 1;
    if not found then
      return null;
    end if;
    exit when oldest.at < due_before;
    after_user := oldest.user_id;
    oldest := null;
  end loop;
  if oldest is null then
    return after_user;
  end if;
  perform pg_advisory_xact_lock(hashtextextended(oldest.user_id, 8));
  for entry in
    select c.seq, c.type, c.entity_id from public.changes c
    where c.user_id = oldest.user_id and c.in_trash and c.at < due_before order by c.seq limit 1000
  loop
    entities := entities + 1;
    entries_left := entries_left
      - public.todo_erase_entity(oldest.user_id, entry.type, entry.entity_id, entry.seq, greatest(entries_left, 1));
  end loop;
  -- The same user again, until less than a whole batch is due.
  return case when entities = 1000 then after_user else oldest.user_id end;
end
$$;

revoke all on function todo_erase_entries(text, text, uuid, bigint, integer), todo_erase_entity(text, text, uuid, bigint, integer),
  todo_erase(text, uuid[]), todo_erase_history(text, uuid, bigint, bigint), todo_expire_trash(text) from public;
grant execute on function todo_erase(text, uuid[]), todo_erase_history(text, uuid, bigint, bigint) to :"app_role";
grant execute on function todo_expire_trash(text) to :"system_role";

-- These functions run as the owner, which forced row-level security binds too. Outside of them and of triggers it sees no entry, and
-- it can change an entry only into one that says nothing. Other roles gain nothing by this setting: the policies are for the owner. The
-- functions set it themselves, because only a superuser may create a function with a SET clause for a setting that PostgreSQL does not know.
create policy changes_seen_to_erase on changes
  for select to current_user
  using (current_setting('app.erasing', true) = 'on');
create policy changes_erased on changes
  for update to current_user
  using (current_setting('app.erasing', true) = 'on')
  with check (before is null and after is null and not in_trash);
create policy histories_to_erase on jobs
  for insert to current_user
  with check (name = 'erase-history' and current_setting('app.erasing', true) = 'on');
