-- expand

-- The position of the log of the scope's user, where the log has no entry: where its purge ended, or its origin. Statements that say where
-- the log is call it for such a log alone (src/db/change-log.ts). As subqueries of theirs, these two tables were opened and locked in each
-- of them, which took 6 % of the time of a page of 20 tasks.
--
-- STABLE, so that it reads the snapshot of the statement that calls it. It has the rights of its caller: the policies decide what it reads.
create function todo_empty_log_position() returns text
  language plpgsql stable parallel safe
as $$
begin
  return coalesce(
    (select concat(l.purged_seq, ' ', l.purged_change_id) from public.change_logs l
     where l.user_id = current_setting('app.user_id', true) and l.purged_seq > 0),
    (select concat(0, ' ', o.change_id) from public.change_log_origin o));
end
$$;
revoke all on function todo_empty_log_position() from public;
grant execute on function todo_empty_log_position() to :"app_role";
