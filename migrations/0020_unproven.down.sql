drop policy webhooks_ended on webhooks;
drop policy webhooks_read_to_end on webhooks;
drop policy tokens_ended on personal_tokens;
drop function todo_end_programs(text);
