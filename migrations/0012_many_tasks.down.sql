alter table user_api_key_reads
  drop constraint user_api_key_reads_pkey,
  add constraint user_api_key_reads_pkey primary key (id);
drop index tasks_by_priority, tasks_by_updated, tasks_open_by_created, tasks_open_by_updated, tasks_open_by_due_date,
  tasks_open_by_priority;
create index tasks_by_status on tasks (user_id, status, created_at desc, id desc);
create index tasks_by_priority on tasks (user_id, priority desc, created_at desc, id desc);
alter policy tasks_of_the_user on tasks
  using (user_id = nullif(current_setting('app.user_id', true), ''))
  with check (user_id = nullif(current_setting('app.user_id', true), ''));
alter policy user_api_keys_of_the_user on user_api_keys
  using (user_id = nullif(current_setting('app.user_id', true), ''))
  with check (user_id = nullif(current_setting('app.user_id', true), ''));
alter policy user_api_key_reads_of_the_user on user_api_key_reads
  using (user_id = nullif(current_setting('app.user_id', true), ''));
alter policy user_api_key_reads_by_the_user on user_api_key_reads
  with check (user_id = nullif(current_setting('app.user_id', true), ''));
alter policy idempotency_keys_of_the_user on idempotency_keys
  using (user_id = nullif(current_setting('app.user_id', true), ''))
  with check (user_id = nullif(current_setting('app.user_id', true), ''));
