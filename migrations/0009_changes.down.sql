drop trigger tasks_logged on tasks;
drop policy tasks_logged on tasks;
drop table change_logs, changes, change_log_origin;
drop function todo_log_task(), todo_erase_log(), todo_log(text, text, uuid, text, integer, jsonb, jsonb, boolean), todo_begin_log(text), todo_has_user(text),
  todo_positions(jsonb);
