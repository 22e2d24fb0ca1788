drop trigger user_settings_reminded on user_settings;
drop trigger tasks_reminded on tasks;
drop trigger tasks_reminded_new on tasks;
drop function todo_remind_in_zone();
drop function todo_remind_of_task();
drop function todo_fire_reminders(integer);
drop function todo_notification_json(notifications);
drop function todo_plan_reminders(tasks);
drop function todo_reminded_due(tasks);
drop policy settings_of_reminders on user_settings;
drop table reminders;
drop table notifications;
drop function todo_log_notification();

create or replace function todo_task_format() returns smallint
  language sql immutable parallel safe
as 'select 3::smallint';

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
    ',"lastCompletedAt":', public.todo_instant_json(task.last_completed_at), '}');
end
$$;

alter table tasks drop column reminders;
