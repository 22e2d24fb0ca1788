-- The functions first: one of them takes a row of the table, the other is its trigger.
drop trigger tasks_derived on tasks;
drop function todo_derive_task();
drop function todo_task_json(tasks);
drop table tasks;
drop function todo_task_format();
drop function todo_instant_json(timestamptz);
drop type task_priority;
drop type task_status;
