-- expand

-- Which definition of "the same request" a fingerprint was made by. Processes of the version before do not name the column:
-- theirs is the first.
alter table idempotency_keys add column fingerprint_version smallint not null default 1;

grant insert (fingerprint_version), update (fingerprint_version) on idempotency_keys to :"app_role";
