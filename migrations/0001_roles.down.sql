-- A role stays if another database of the cluster still grants it something, or if it can log in.
select set_config('todo.app_role', :'app_role', true), set_config('todo.system_role', :'system_role', true);

revoke select on schema_migrations from :"app_role";
revoke usage on schema public from :"app_role", :"system_role";

do $$
declare
  acting_role text;
begin
  foreach acting_role in array array[current_setting('todo.app_role'), current_setting('todo.system_role')] loop
    continue when exists (select from pg_roles where rolname = acting_role and rolcanlogin);
    begin
      execute format('drop role %I', acting_role);
    exception when dependent_objects_still_exist or insufficient_privilege or object_in_use then
      null;
    end;
  end loop;
end $$;
