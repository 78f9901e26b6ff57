-- Since when there has been news of an order that no look has followed; null: none. It is looked at before all that are merely due, the first news first.
alter table placed_order add column news_at timestamptz;
create index placed_order_news on placed_order (news_at) where news_at is not null;
