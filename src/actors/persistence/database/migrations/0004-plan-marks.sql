-- A plan's dust and its fees in other assets are worth, or cost, something that is not part of its profit.
ALTER TABLE plan_events ADD COLUMN mark_units BIGINT;
COMMENT ON COLUMN plan_events.mark_units IS 'Of an ended plan: what its dust (negative: what it took from stock) and its fees in other assets were worth in the start asset, at the books; counts with the profit. NULL in rows from before.';

CREATE OR REPLACE VIEW plan_results_decimal AS
SELECT
  boot, source, record_seq, happened_at, plan, outcome, reason, start_asset,
  exact_decimal(start_units, start_decimals) AS spent,
  exact_decimal(end_units, start_decimals) AS received,
  exact_decimal(profit_units, start_decimals) AS profit,
  exact_decimal(mark_units, start_decimals) AS mark,
  exact_decimal(profit_units + coalesce(mark_units, 0), start_decimals) AS result
FROM plan_events
WHERE event = 'ended';

COMMENT ON COLUMN order_events.event IS 'sent (before its bytes leave), acked, uncertain, ended, or misreported (what the venue said of it, beside what was asked for, and was not believed).';
COMMENT ON COLUMN order_events.outcome IS 'How it ended: filled, partial, unfilled, refused (proven not taken), absent (the venue never had it), lost (the venue had it and knows it no more) or misreported (what the venue said of it cannot be true).';
COMMENT ON VIEW plan_results_decimal IS 'Ended plans as exact decimals. What a plan came to is its result: profit and mark.';
