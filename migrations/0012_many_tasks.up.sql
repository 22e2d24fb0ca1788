-- expand
-- What a user with many tasks needs: plans that know there is a user, and an index in the order of each common page.

-- The user of the scope as a scalar subquery, whose value the planner does not know. It evaluates a bare
-- nullif(current_setting(…)) while it plans, when the scope is still empty, because the proof travels in the same statement. It then
-- expected no row, all indexes cost the same, and it took the one that was made last, even for a task by its id.
alter policy tasks_of_the_user on tasks
  using (user_id = (select nullif(current_setting('app.user_id', true), '')))
  with check (user_id = (select nullif(current_setting('app.user_id', true), '')));
alter policy user_api_keys_of_the_user on user_api_keys
  using (user_id = (select nullif(current_setting('app.user_id', true), '')))
  with check (user_id = (select nullif(current_setting('app.user_id', true), '')));
alter policy user_api_key_reads_of_the_user on user_api_key_reads
  using (user_id = (select nullif(current_setting('app.user_id', true), '')));
alter policy user_api_key_reads_by_the_user on user_api_key_reads
  with check (user_id = (select nullif(current_setting('app.user_id', true), '')));
alter policy idempotency_keys_of_the_user on idempotency_keys
  using (user_id = (select nullif(current_setting('app.user_id', true), '')))
  with check (user_id = (select nullif(current_setting('app.user_id', true), '')));

-- Below a policy no comparison of an enum reaches an index, because it is not leakproof, so tasks_by_status served no filter. Pages by
-- priority end with the id, and not with the time of creation.
drop index tasks_by_status, tasks_by_priority;
create index tasks_by_priority on tasks (user_id, priority desc, id desc);
-- With the columns that statistics are made of.
create index tasks_by_updated on tasks (user_id, updated_at desc, id desc) include (status, priority);

-- The open tasks in each order. Where few of many tasks are open, an index of all is read far before a page is full.
create index tasks_open_by_created on tasks (user_id, created_at desc, id desc) where completed_at is null;
create index tasks_open_by_updated on tasks (user_id, updated_at desc, id desc) where completed_at is null;
create index tasks_open_by_due_date on tasks (user_id, due_date, id) where completed_at is null;
create index tasks_open_by_priority on tasks (user_id, priority desc, id desc) where completed_at is null;

-- Every key of a user's rows begins with the user, so that the rows of one user can be kept together.
alter table user_api_key_reads
  drop constraint user_api_key_reads_pkey,
  add constraint user_api_key_reads_pkey primary key (user_id, id);
