-- without a transaction

drop index concurrently if exists tasks_by_due_date;
create index concurrently tasks_by_due_date on tasks (user_id, due_date, id);
drop index concurrently if exists tasks_open_by_due_date;
create index concurrently tasks_open_by_due_date on tasks (user_id, due_date, id) where completed_at is null;
drop index concurrently if exists tasks_by_due_instant;
drop index concurrently if exists tasks_by_due_day;
drop index concurrently if exists tasks_open_by_due_instant;
drop index concurrently if exists tasks_open_by_due_day;
