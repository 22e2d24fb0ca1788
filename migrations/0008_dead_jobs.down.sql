drop policy jobs_dropped on jobs;
drop policy jobs_retried on jobs;
