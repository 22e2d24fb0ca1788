drop function todo_prove(text, text[], text);
drop table jobs;
