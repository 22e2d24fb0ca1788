drop function todo_job_user(uuid[]);
drop table jobs;
