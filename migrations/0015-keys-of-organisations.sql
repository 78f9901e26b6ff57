-- An idempotency-key is its organisation's, or one person's, whichever API key it came with (docs/decisions/2026-11-22-what-of-an-order-stays.md): what was kept
-- under the API key is theirs from now on. Where several API keys had used the same text, the one that was answered stays, the newest of several.
delete from idempotency_key as one
  using (
    select i.tenant_id, i.caller, i.route, i.key,
      row_number() over (partition by i.tenant_id, a.surface, a.patient, i.route, i.key order by i.response is null, i.created_at desc) as nth
    from idempotency_key i join api_key a on a.tenant_id = i.tenant_id and a.key_id = i.caller
  ) as ranked
  where ranked.nth > 1
    and (one.tenant_id, one.caller, one.route, one.key) = (ranked.tenant_id, ranked.caller, ranked.route, ranked.key);
update idempotency_key as one set caller = a.surface || coalesce('/' || a.patient, '')
  from api_key a where a.tenant_id = one.tenant_id and a.key_id = one.caller;
