drop function if exists todo_rename(text);

select set_config('todo.auth_mode', :'auth_mode', true);

do $$
begin
  if current_setting('todo.auth_mode') <> 'external' then
    drop policy renamed on users;
  end if;
end $$;

drop function todo_profile();
drop function todo_knows_zone(text);
drop table user_settings;
