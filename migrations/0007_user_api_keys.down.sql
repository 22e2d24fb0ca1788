drop table user_api_key_reads, user_api_keys;
