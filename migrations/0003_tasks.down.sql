drop table tasks;
drop type task_priority;
drop type task_status;
