drop table undos;
revoke update (created_at) on tasks from :"app_role";
