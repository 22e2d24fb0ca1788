-- expand

-- Reminders and notifications (docs/adr/0037-reminders.md). A task has its reminders as its users set them, [{at} | {minutesBefore}].
alter table tasks add column reminders jsonb not null default '[]';
alter table tasks add constraint tasks_reminders check (
  jsonb_typeof(reminders) = 'array' and jsonb_array_length(reminders) <= 5 and octet_length(reminders::text) <= 1000) not valid;

grant insert (reminders), update (reminders) on tasks to :"app_role";

create or replace function todo_task_format() returns smallint
  language sql immutable parallel safe
as 'select 4::smallint';

create or replace function todo_task_json(task tasks) returns text
  language plpgsql stable parallel safe cost 1
as $$
begin
  return concat(
    '{"id":"', task.id,
    '","title":', to_json(task.title),
    ',"description":', coalesce(to_json(task.description)::text, 'null'),
    ',"status":"', task.status,
    '","priority":"', task.priority,
    '","dueDate":', public.todo_due_json(task.due_date, task.due_day),
    ',"tags":', array_to_json(task.tags),
    ',"userId":', to_json(task.user_id),
    ',"createdAt":', public.todo_instant_json(task.created_at),
    ',"updatedAt":', public.todo_instant_json(task.updated_at),
    ',"completedAt":', public.todo_instant_json(task.completed_at),
    ',"version":', task.version,
    ',"timezone":', coalesce(to_json(task.timezone)::text, 'null'),
    ',"recurrence":', coalesce(task.recurrence::text, 'null'),
    ',"occurrence":', coalesce(task.occurrence::text, 'null'),
    ',"completions":', task.completions,
    ',"lastCompletedAt":', public.todo_instant_json(task.last_completed_at),
    ',"reminders":', task.reminders, '}');
end
$$;

-- What users are notified of. A reminder is due once: its notification is the memory of that.
create table notifications (
  user_id text not null references :"users_schema".:"users_table" (id) on delete cascade,
  id uuid not null,
  -- 'reminder'.
  kind text not null check (kind ~ '^[a-z_]{1,50}$'),
  task_id uuid not null,
  -- When it was due.
  at timestamptz(3) not null,
  created_at timestamptz(3) not null default clock_timestamp(),
  read_at timestamptz(3),
  primary key (user_id, id),
  unique (user_id, task_id, kind, at)
);

create index notifications_by_age on notifications (user_id, created_at desc, id desc);
create index notifications_unread on notifications (user_id, created_at desc, id desc) where read_at is null;
-- For the purge.
create index notifications_old on notifications (created_at);

alter table notifications enable row level security;
alter table notifications force row level security;

create policy notifications_of_the_user on notifications
  for select to :"app_role"
  using (user_id = (select nullif(current_setting('app.user_id', true), '')));
create policy notifications_read on notifications
  for update to :"app_role"
  using (user_id = (select nullif(current_setting('app.user_id', true), '')))
  with check (user_id = (select nullif(current_setting('app.user_id', true), '')));
create policy old_notifications on notifications
  for all to :"system_role"
  using (created_at < now() - interval '90 days')
  with check (false);
-- The functions below run as the owner, which forced row-level security binds too.
create policy notifications_made on notifications
  for all to current_user
  using (pg_trigger_depth() > 0 or current_setting('app.firing', true) = 'on');

grant select on notifications to :"app_role";
grant update (read_at) on notifications to :"app_role";
grant select (user_id, id, created_at), delete on notifications to :"system_role";

-- The reminders that are not due yet, one row for each time at which a task has one.
create table reminders (
  user_id text not null references :"users_schema".:"users_table" (id) on delete cascade,
  task_id uuid not null,
  due_at timestamptz(3) not null,
  primary key (user_id, task_id, due_at),
  foreign key (user_id, task_id) references tasks (user_id, id) on delete cascade
);

-- What is due next, of all users: a claim reads this index alone.
create index reminders_due on reminders (due_at, user_id, task_id);

alter table reminders enable row level security;
alter table reminders force row level security;

create policy reminders_planned on reminders
  for all to current_user
  using (pg_trigger_depth() > 0 or current_setting('app.firing', true) = 'on');
-- When the next one is due, and nothing of whose it is.
create policy reminders_timed on reminders for select to :"system_role" using (true);
grant select (due_at) on reminders to :"system_role";

create policy settings_of_reminders on user_settings
  for select to current_user
  using (pg_trigger_depth() > 0 or current_setting('app.firing', true) = 'on');

-- When a task is due, as reminders count it: a day at 09:00 in its zone. UTC where PostgreSQL does not know the zone.
create function todo_reminded_due(task tasks) returns timestamptz
  language plpgsql stable
as $$
begin
  if task.due_day is null then
    return task.due_date;
  end if;
  return (task.due_day + time '09:00') at time zone coalesce(
    task.timezone, (select s.timezone from public.user_settings s where s.user_id = task.user_id), 'UTC');
exception
  when invalid_parameter_value then
    return (task.due_day + time '09:00') at time zone 'UTC';
end
$$;

-- Makes the pending reminders of a task those that it has now. One whose time has passed is due at once if that was less than a day ago,
-- and one before the due date only if that is still to come. One that was due once is not due again.
create function todo_plan_reminders(task tasks) returns void
  language plpgsql volatile
as $$
declare
  due constant timestamptz := public.todo_reminded_due(task);
  wanted timestamptz[];
begin
  if task.status <> 'COMPLETED' then
    wanted := array(
      select distinct date_trunc('milliseconds', planned.at) from (
        select coalesce((item ->> 'at')::timestamptz, due - (item ->> 'minutesBefore')::integer * interval '1 minute') as at,
          item ? 'at' as is_fixed
        from jsonb_array_elements(task.reminders) item
      ) planned
      where planned.at > now() or planned.at > now() - interval '24 hours' and (planned.is_fixed or due > now())
        -- A pending one that is late stays.
        or exists (select from public.reminders r
                   where r.user_id = task.user_id and r.task_id = task.id and r.due_at = date_trunc('milliseconds', planned.at)));
  end if;
  delete from public.reminders r
  where r.user_id = task.user_id and r.task_id = task.id and r.due_at <> all (coalesce(wanted, '{}'));
  insert into public.reminders (user_id, task_id, due_at)
  select task.user_id, task.id, planned.at from unnest(wanted) as planned (at)
  where not exists (
    select from public.notifications n
    where n.user_id = task.user_id and n.task_id = task.id and n.kind = 'reminder' and n.at = planned.at)
  on conflict do nothing;
end
$$;

create function todo_remind_of_task() returns trigger
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
begin
  perform public.todo_plan_reminders(new);
  return null;
end
$$;

create trigger tasks_reminded_new after insert on tasks
  for each row when (new.reminders <> '[]') execute function todo_remind_of_task();
create trigger tasks_reminded after update on tasks
  for each row when (
    (old.reminders <> '[]' or new.reminders <> '[]')
    and (old.reminders, old.due_date, old.due_day, old.timezone, old.status)
      is distinct from (new.reminders, new.due_date, new.due_day, new.timezone, new.status))
  execute function todo_remind_of_task();

-- The days of tasks without a zone of their own move with the zone of their user. Under the lock of the log no task changes meanwhile.
create function todo_remind_in_zone() returns trigger
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
  locked constant text := pg_advisory_xact_lock(hashtextextended(new.user_id, 8));
  task tasks;
begin
  for task in
    select t.* from public.tasks t
    where t.user_id = new.user_id and t.timezone is null and t.due_day is not null
      and t.id in (select r.task_id from public.reminders r where r.user_id = new.user_id)
  loop
    perform public.todo_plan_reminders(task);
  end loop;
  return null;
end
$$;

create trigger user_settings_reminded after insert or update of timezone on user_settings
  for each row execute function todo_remind_in_zone();

-- An entry of the log for each notification, in the order of the user's changes. It is no change: the sync and the history leave it out.
create function todo_log_notification() returns trigger
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
  logged text;
begin
  logged := public.todo_log(new.user_id, new.kind, new.task_id, 'create',
    coalesce((select t.version from public.tasks t where t.user_id = new.user_id and t.id = new.task_id), 1),
    null, jsonb_build_object('notification', new.id, 'at', public.todo_instant_json(new.at)::jsonb), false);
  return null;
end
$$;

create trigger notifications_logged after insert on notifications for each row execute function todo_log_notification();

-- Makes notifications of reminders that are due, the oldest first, at most so many, and gives them. Users whose log is locked are left for
-- the next call, so that nothing waits here. Each user's log is locked before the reminders, as by all that changes tasks.
create function todo_fire_reminders(most integer) returns table (
  user_id text, notification_id uuid, task_id uuid, late_s double precision, wants_mail boolean
)
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
  firing constant text := set_config('app.firing', 'on', true);
  candidate record;
  is_locked boolean;
  origin text;
begin
  for candidate in
    select next.user_id, next.task_id, next.due_at from (
      select r.user_id, r.task_id, r.due_at from public.reminders r where r.due_at <= now() order by r.due_at limit most
    ) next order by next.user_id, next.due_at, next.task_id
  loop
    if candidate.user_id is distinct from todo_fire_reminders.user_id then
      user_id := candidate.user_id;
      is_locked := pg_try_advisory_xact_lock(hashtextextended(candidate.user_id, 8));
      origin := set_config('app.origin',
        jsonb_build_object('change', gen_random_uuid(), 'kind', 'job', 'name', 'send-reminders', 'operation', 'send-reminders')::text, true);
      wants_mail := coalesce((select s.email_reminders from public.user_settings s where s.user_id = candidate.user_id), false);
    end if;
    continue when not is_locked;
    delete from public.reminders r
    where r.user_id = candidate.user_id and r.task_id = candidate.task_id and r.due_at = candidate.due_at;
    continue when not found;
    notification_id := null;
    insert into public.notifications as n (user_id, id, kind, task_id, at)
    values (candidate.user_id, gen_random_uuid(), 'reminder', candidate.task_id, candidate.due_at)
    on conflict on constraint notifications_user_id_task_id_kind_at_key do nothing returning n.id into notification_id;
    continue when notification_id is null;
    task_id := candidate.task_id;
    late_s := extract(epoch from clock_timestamp() - candidate.due_at);
    return next;
  end loop;
end
$$;

-- A notification as clients get it, with the task as it is now; null for one that is not there any more.
create function todo_notification_json(notification notifications) returns text
  language plpgsql stable
as $$
begin
  return concat(
    '{"id":"', notification.id,
    '","kind":', to_json(notification.kind),
    ',"taskId":"', notification.task_id,
    '","task":', coalesce(
      (select public.todo_task_json(t) from public.tasks t where t.user_id = notification.user_id and t.id = notification.task_id), 'null'),
    ',"at":', public.todo_instant_json(notification.at),
    ',"readAt":', public.todo_instant_json(notification.read_at), '}');
end
$$;

revoke all on function todo_reminded_due(tasks), todo_plan_reminders(tasks), todo_remind_of_task(), todo_remind_in_zone(),
  todo_log_notification(), todo_fire_reminders(integer), todo_notification_json(notifications) from public;
grant execute on function todo_fire_reminders(integer) to :"system_role";
grant execute on function todo_notification_json(notifications) to :"app_role";
