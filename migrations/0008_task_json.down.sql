alter table tasks drop column json;
drop function todo_task_json(uuid, text, text, task_status, task_priority, timestamptz, text[], text, timestamptz, timestamptz,
  timestamptz, integer);
drop function todo_instant_json(timestamptz);
