drop policy histories_to_erase on jobs;
drop policy changes_erased on changes;
drop policy changes_seen_to_erase on changes;
drop function todo_expire_trash(text), todo_erase_history(text, uuid, bigint, bigint), todo_erase(text, uuid[]),
  todo_erase_entity(text, text, uuid, bigint, integer), todo_erase_entries(text, text, uuid, bigint, integer);
revoke insert (created_at, updated_at) on tasks from :"app_role";
