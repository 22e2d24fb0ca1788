-- expand

-- Tokens of links in mails, which prove that their bearer reads the mails of an address (docs/adr/0033-mail-links.md). Requests of users
-- never reach this table: the embedded auth server uses it, as the system role.
create table mail_tokens (
  -- The SHA-256 of the token, which is not stored.
  hash bytea not null check (octet_length(hash) = 32),
  user_id text not null references :"users_schema".:"users_table" (id) on delete cascade,
  purpose text not null check (purpose in ('verify-email', 'reset-password', 'change-email')),
  -- Where the link was sent: the address of the user, or the one that it is to become.
  address text not null check (char_length(address) <= 254),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  -- Set by the one request that uses it, or when it becomes void. The row is kept until it has expired, so that a mail that is sent
  -- again does not bring a used token back.
  used_at timestamptz,
  primary key (user_id, hash)
);

-- Not unique, because a key must begin with the user. The token has 256 random bits.
create index mail_tokens_by_hash on mail_tokens (hash);
create index mail_tokens_by_expiry on mail_tokens (expires_at);

alter table mail_tokens enable row level security;
alter table mail_tokens force row level security;

create policy mail_tokens_of_the_service on mail_tokens for all to :"system_role" using (true) with check (true);
grant select, delete on mail_tokens to :"system_role";
grant insert (hash, user_id, purpose, address, expires_at) on mail_tokens to :"system_role";
grant update (expires_at, used_at) on mail_tokens to :"system_role";
