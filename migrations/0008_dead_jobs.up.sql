-- expand

-- An operator retries or drops dead jobs, through the service's system role. Until then nothing changes them.
create policy jobs_retried on jobs for update to :"system_role"
  using (dead_at is not null) with check (dead_at is null and attempts = 0 and lease is null);
create policy jobs_dropped on jobs for delete to :"system_role" using (dead_at is not null);
