-- The insurances that were sent to the laboratory network for a user. sent_at: since when a request may be in progress there. stored_at: the network has it.
create table if not exists network_insurance (
  tenant_id int not null,
  account_id int not null,
  user_id text collate "C" not null,
  sent_at timestamptz(3) not null,
  stored_at timestamptz(3),
  primary key (tenant_id, account_id, user_id)
);
