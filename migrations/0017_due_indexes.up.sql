-- expand, without a transaction

-- Instants and days have orders of their own, which a list by due date merges. The two indexes of before have the same entries as the four
-- together. Versions before this one sort instead of using them, and work.
drop index concurrently if exists tasks_by_due_instant;
create index concurrently tasks_by_due_instant on tasks (user_id, due_date, id) where due_day is null;
drop index concurrently if exists tasks_by_due_day;
create index concurrently tasks_by_due_day on tasks (user_id, due_day, id) where due_day is not null;
drop index concurrently if exists tasks_open_by_due_instant;
create index concurrently tasks_open_by_due_instant on tasks (user_id, due_date, id)
  where completed_at is null and due_day is null;
drop index concurrently if exists tasks_open_by_due_day;
create index concurrently tasks_open_by_due_day on tasks (user_id, due_day, id)
  where completed_at is null and due_day is not null;
drop index concurrently if exists tasks_by_due_date;
drop index concurrently if exists tasks_open_by_due_date;
