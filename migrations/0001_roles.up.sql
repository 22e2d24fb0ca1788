-- expand

-- The two roles that the service acts as. Neither owns anything, can log in or can bypass row-level security:
--   app_role     serves requests, inside the scope of one user;
--   system_role  does work that crosses users, such as that of the embedded auth server. It has no right on tasks.
-- Roles belong to the whole cluster. Another database may have created them already, and a login that may not create roles
-- needs an administrator who creates and grants them first.
select set_config('todo.app_role', :'app_role', true),
       set_config('todo.system_role', :'system_role', true),
       set_config('todo.serving_login', :'serving_login', true);

do $$
declare
  app_role text := current_setting('todo.app_role');
  acting_role text;
  login text;
  is_16 boolean := current_setting('server_version_num')::int >= 160000;
  -- From PostgreSQL 16 a membership may lack the right to SET ROLE, and the creator of a role gets one without it.
  needed text := case when is_16 then 'SET' else 'MEMBER' end;
  granting text;
begin
  foreach acting_role in array array[app_role, current_setting('todo.system_role')] loop
    if not exists (select from pg_roles where rolname = acting_role) then
      begin
        execute format('create role %I nologin', acting_role);
      exception
        when duplicate_object or unique_violation then
          null; -- another database of the cluster created it at the same time
        when insufficient_privilege then
          raise insufficient_privilege using
            message = format('login %I may not create role %I', current_user, acting_role),
            hint = format('Have an administrator run: create role %1$I nologin; grant %1$I to %2$I;', acting_role, current_user);
      end;
    end if;
    foreach login in array array[current_user::text, current_setting('todo.serving_login')] loop
      if login <> acting_role and not pg_has_role(login, acting_role, needed) then
        granting := format('grant %I to %I', acting_role, login);
        -- A login that is itself the serving role may switch to the system role, but must not inherit its rights.
        if login = app_role then
          granting := granting || case when is_16 then ' with inherit false' else format('; alter role %I noinherit', login) end;
        end if;
        begin
          execute granting;
        exception
          when unique_violation then
            null; -- another database of the cluster granted it at the same time
          when insufficient_privilege then
            raise insufficient_privilege using
              message = format('login %I may not act as role %I', login, acting_role),
              hint = format('Have an administrator run: %s;', granting);
        end;
      end if;
    end loop;
  end loop;
end $$;

grant usage on schema public to :"app_role", :"system_role";
grant select on schema_migrations to :"app_role";
