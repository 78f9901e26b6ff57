-- transaction: false
-- The due rows of one account, in order. Each account is read by itself, so that the long queue of one account does not delay the others.
drop index if exists outbox_due_by_account;
create index concurrently outbox_due_by_account on outbox (account_id, next_at) where state in ('queued', 'sending', 'unknown');
-- The leased entries of an account: their number limits its concurrent requests.
drop index if exists outbox_sending;
create index concurrently outbox_sending on outbox (account_id, lease_until) where state = 'sending';
drop index if exists placed_order_due_by_account;
create index concurrently placed_order_due_by_account on placed_order (account_id, next_at) where next_at is not null;
drop index if exists placed_order_news_by_account;
create index concurrently placed_order_news_by_account on placed_order (account_id, news_at) where news_at is not null;
drop index if exists webhook_inbox_due_by_tenant;
create index concurrently webhook_inbox_due_by_tenant on webhook_inbox (tenant_id, next_at) where state in ('new', 'retry');
-- These mix the rows of all accounts. The planner could choose one of them and read the long queue of another account.
drop index if exists outbox_due;
drop index if exists placed_order_due;
drop index if exists placed_order_news;
drop index if exists webhook_inbox_due;
