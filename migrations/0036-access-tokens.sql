-- The users and clients of access tokens, by the actor that stands for them in the history. Deleting a row leaves the actor a pseudonym.
create table if not exists token_actor (
  tenant_id int not null,
  actor text collate "C" not null,
  issuer text not null,
  client text,
  subject text,
  fhir_user text,
  first_seen_at timestamptz(3) not null,
  primary key (tenant_id, actor)
);
-- The tokens of issuers whose tokens are accepted once. hash: of the issuer and the token's id.
create table if not exists used_token (
  tenant_id int not null,
  hash bytea not null,
  expires_at timestamptz(3) not null,
  primary key (tenant_id, hash)
);
create index if not exists used_token_expiry on used_token (expires_at);
