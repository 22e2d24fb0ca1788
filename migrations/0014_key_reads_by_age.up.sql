-- expand, without a transaction

-- For the purge, which would otherwise read the whole table each time.
drop index concurrently if exists user_api_key_reads_by_age;
create index concurrently user_api_key_reads_by_age on user_api_key_reads (read_at);
