alter table idempotency_keys drop column fingerprint_version;
