drop table idempotency_keys;
-- Where two users chose the same id this fails, and changes nothing.
alter table tasks drop constraint tasks_pkey, add constraint tasks_pkey primary key (id);
