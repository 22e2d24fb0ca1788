drop index user_api_key_reads_by_age;
