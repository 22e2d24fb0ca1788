drop function todo_empty_log_position();
