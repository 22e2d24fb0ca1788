revoke select (user_id, id, read_at), update (read_at), delete on user_api_key_reads from :"system_role";
drop policy old_reads on user_api_key_reads;
drop function todo_job_user(uuid[]);
drop table jobs;
