drop policy changes_counted on changes;
drop function todo_webhooks_behind(text, uuid, integer);
drop table webhook_deliveries;
drop table webhooks;
