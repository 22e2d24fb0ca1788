-- expand

-- Ends what lets programs reach the tasks of a user: for a password reset that proves an address for the first time. Before it, a person
-- may have signed up with the address of another and waits for the owner to move in.
create function todo_end_programs(owner text) returns void
  language sql volatile security definer set search_path = public, pg_temp
as $$
  delete from public.personal_tokens where user_id = owner;
  delete from public.webhooks where user_id = owner;
$$;
revoke all on function todo_end_programs(text) from public;
grant execute on function todo_end_programs(text) to :"system_role";

-- The function runs as the owner of the tables, which forced row-level security binds too.
create policy tokens_ended on personal_tokens for delete to current_user using (true);
create policy webhooks_read_to_end on webhooks for select to current_user using (true);
create policy webhooks_ended on webhooks for delete to current_user using (true);
