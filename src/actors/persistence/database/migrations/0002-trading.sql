-- Trading with an account: what became of every order, the venue's ids of orders and fills, what was left behind, and what
-- the account is expected to hold. From these a new process finds out what the last one left (stored-trading.ts).
--
-- `run_ms` names the run of the program that a plan belongs to, as the ids of its orders do. It differs from the run of
-- `boot` where a later one books what an earlier one could not.

ALTER TABLE boots ADD COLUMN account VARCHAR;

ALTER TABLE plan_events ADD COLUMN run_ms BIGINT;

ALTER TABLE trades ADD COLUMN run_ms BIGINT;
ALTER TABLE trades ADD COLUMN cl_ord_id VARCHAR;
ALTER TABLE trades ADD COLUMN venue_order_id VARCHAR;
ALTER TABLE trades ADD COLUMN exec_id VARCHAR;
ALTER TABLE trades ADD COLUMN spent_units BIGINT;
ALTER TABLE trades ADD COLUMN spent_asset VARCHAR;
ALTER TABLE trades ADD COLUMN spent_decimals UTINYINT;
ALTER TABLE trades ADD COLUMN received_units BIGINT;
ALTER TABLE trades ADD COLUMN received_asset VARCHAR;
ALTER TABLE trades ADD COLUMN received_decimals UTINYINT;

CREATE TABLE order_events (
  boot BIGINT NOT NULL,
  source VARCHAR NOT NULL,
  record_seq BIGINT NOT NULL,
  happened_at TIMESTAMP_NS NOT NULL,
  plan BIGINT NOT NULL,
  execution_seq BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  run_ms BIGINT NOT NULL,
  event VARCHAR NOT NULL,
  outcome VARCHAR NOT NULL,
  cl_ord_id VARCHAR NOT NULL,
  venue_order_id VARCHAR NOT NULL,
  leg UTINYINT NOT NULL,
  attempt UTINYINT NOT NULL,
  symbol VARCHAR NOT NULL,
  side VARCHAR NOT NULL,
  limit_ticks BIGINT NOT NULL,
  price_decimals UTINYINT,
  qty_wanted_lots BIGINT NOT NULL,
  qty_lots BIGINT NOT NULL,
  qty_decimals UTINYINT,
  cost_units BIGINT NOT NULL,
  cost_asset VARCHAR NOT NULL,
  cost_decimals UTINYINT,
  fee_units BIGINT NOT NULL,
  fee_asset VARCHAR NOT NULL,
  fee_decimals UTINYINT
);

CREATE TABLE exposure_changes (
  boot BIGINT NOT NULL,
  source VARCHAR NOT NULL,
  record_seq BIGINT NOT NULL,
  happened_at TIMESTAMP_NS NOT NULL,
  plan BIGINT NOT NULL,
  execution_seq BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  run_ms BIGINT NOT NULL,
  reason VARCHAR NOT NULL,
  asset VARCHAR NOT NULL,
  decimals UTINYINT,
  amount_units BIGINT NOT NULL
);

CREATE TABLE dust_changes (
  boot BIGINT NOT NULL,
  source VARCHAR NOT NULL,
  record_seq BIGINT NOT NULL,
  happened_at TIMESTAMP_NS NOT NULL,
  plan BIGINT NOT NULL,
  execution_seq BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  run_ms BIGINT NOT NULL,
  asset VARCHAR NOT NULL,
  decimals UTINYINT,
  amount_units BIGINT NOT NULL
);

CREATE TABLE expected_balances (
  boot BIGINT NOT NULL,
  source VARCHAR NOT NULL,
  record_seq BIGINT NOT NULL,
  happened_at TIMESTAMP_NS NOT NULL,
  plan BIGINT NOT NULL,
  execution_seq BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  run_ms BIGINT NOT NULL,
  asset VARCHAR NOT NULL,
  decimals UTINYINT,
  balance_units BIGINT NOT NULL
);

CREATE OR REPLACE VIEW record_numbers AS
SELECT boot, source, record_seq FROM opportunities
UNION ALL SELECT boot, source, record_seq FROM trades
UNION ALL SELECT boot, source, record_seq FROM plan_events
UNION ALL SELECT boot, source, record_seq FROM order_events
UNION ALL SELECT boot, source, record_seq FROM exposure_changes
UNION ALL SELECT boot, source, record_seq FROM dust_changes
UNION ALL SELECT boot, source, record_seq FROM expected_balances
UNION ALL SELECT boot, source, record_seq FROM portfolio_snapshots
UNION ALL SELECT boot, source, record_seq FROM audit_events
UNION ALL SELECT boot, source, record_seq FROM state_changes;

CREATE OR REPLACE VIEW trades_decimal AS
SELECT
  boot, source, record_seq, happened_at, plan, leg, symbol, side,
  exact_decimal(price_ticks, price_decimals) AS price,
  exact_decimal(limit_ticks, price_decimals) AS limit_price,
  exact_decimal(qty_lots, qty_decimals) AS qty,
  exact_decimal(qty_wanted_lots, qty_decimals) AS qty_wanted,
  exact_decimal(cost_units, cost_decimals) AS cost, cost_asset,
  exact_decimal(fee_units, fee_decimals) AS fee, fee_asset,
  exact_decimal(spent_units, spent_decimals) AS spent, spent_asset,
  exact_decimal(received_units, received_decimals) AS received, received_asset,
  cl_ord_id, venue_order_id, exec_id
FROM trades;

-- Which account each run traded: paper's is gone with its run, so it is an account of its own.
CREATE VIEW boot_accounts AS
SELECT boot, coalesce(account, 'paper of boot ' || boot) AS account FROM boots;

CREATE VIEW orders_decimal AS
SELECT
  account,
  cl_ord_id,
  arg_min(run_ms, happened_at) AS run_ms,
  arg_min(plan, happened_at) AS plan,
  arg_min(leg, happened_at) AS leg,
  arg_min(attempt, happened_at) AS attempt,
  arg_min(symbol, happened_at) AS symbol,
  arg_min(side, happened_at) AS side,
  max(venue_order_id) AS venue_order_id,
  min(happened_at) FILTER (WHERE event = 'sent') AS sent_at,
  min(happened_at) FILTER (WHERE event = 'acked') AS acked_at,
  min(happened_at) FILTER (WHERE event = 'uncertain') AS uncertain_at,
  min(happened_at) FILTER (WHERE event = 'ended') AS ended_at,
  max(outcome) FILTER (WHERE event = 'ended') AS outcome,
  max(exact_decimal(limit_ticks, price_decimals)) FILTER (WHERE event = 'sent') AS limit_price,
  max(exact_decimal(qty_wanted_lots, qty_decimals)) FILTER (WHERE event = 'sent') AS qty_wanted,
  max(exact_decimal(qty_lots, qty_decimals)) FILTER (WHERE event = 'ended') AS qty,
  max(exact_decimal(cost_units, cost_decimals)) FILTER (WHERE event = 'ended') AS cost,
  arg_min(cost_asset, happened_at) AS cost_asset,
  max(exact_decimal(fee_units, fee_decimals)) FILTER (WHERE event = 'ended') AS fee,
  max(fee_asset) FILTER (WHERE event = 'ended') AS fee_asset
FROM order_events JOIN boot_accounts USING (boot)
GROUP BY account, cl_ord_id;

CREATE VIEW open_exposure AS
SELECT
  account, asset,
  sum(exact_decimal(amount_units, decimals)) AS exposure,
  max(happened_at) AS changed_at
FROM exposure_changes JOIN boot_accounts USING (boot)
GROUP BY account, asset
HAVING sum(exact_decimal(amount_units, decimals)) <> 0;

CREATE VIEW open_dust AS
SELECT
  account, asset,
  sum(exact_decimal(amount_units, decimals)) AS dust,
  max(happened_at) AS changed_at
FROM dust_changes JOIN boot_accounts USING (boot)
GROUP BY account, asset
HAVING sum(exact_decimal(amount_units, decimals)) <> 0;

-- Every change of what an account is expected to hold: fills, and deviations that were accepted as they were found.
CREATE VIEW balance_changes AS
SELECT boot, record_seq, happened_at, spent_asset AS asset, spent_decimals AS decimals, -spent_units AS amount_units
FROM trades WHERE spent_asset IS NOT NULL
UNION ALL
SELECT boot, record_seq, happened_at, received_asset, received_decimals, received_units
FROM trades WHERE received_asset IS NOT NULL
UNION ALL
SELECT boot, record_seq, happened_at, fee_asset, fee_decimals, -fee_units
FROM trades WHERE spent_asset IS NOT NULL AND fee_asset NOT IN (spent_asset, received_asset)
UNION ALL
SELECT boot, record_seq, happened_at, asset, decimals, amount_units
FROM exposure_changes WHERE reason = 'deviation';

CREATE VIEW account_balances AS
WITH newest AS (
  SELECT account, asset, boot, record_seq, happened_at, exact_decimal(balance_units, decimals) AS balance
  FROM expected_balances JOIN boot_accounts USING (boot)
  QUALIFY row_number() OVER (PARTITION BY account, asset ORDER BY boot DESC, record_seq DESC) = 1
), later AS (
  SELECT account, asset, sum(exact_decimal(amount_units, decimals)) AS amount, max(change.happened_at) AS changed_at
  FROM balance_changes AS change JOIN boot_accounts USING (boot) LEFT JOIN newest USING (account, asset)
  WHERE newest.boot IS NULL OR (change.boot, change.record_seq) > (newest.boot, newest.record_seq)
  GROUP BY account, asset
)
SELECT
  account, asset,
  coalesce(balance, 0) + coalesce(amount, 0) AS balance,
  coalesce(changed_at, newest.happened_at) AS changed_at
FROM newest FULL JOIN later USING (account, asset);

COMMENT ON COLUMN boots.account IS 'Account it traded, over runs of the program. NULL: on paper, or none.';

COMMENT ON COLUMN plan_events.run_ms IS 'Run of the program that the plan belongs to, by its start; NULL in rows from before.';
COMMENT ON COLUMN trades.run_ms IS 'Run of the program that the plan belongs to, by its start; NULL in rows from before.';
COMMENT ON COLUMN trades.cl_ord_id IS 'Our id of the order.';
COMMENT ON COLUMN trades.venue_order_id IS 'The venue''s; empty on paper.';
COMMENT ON COLUMN trades.exec_id IS 'The venue''s id of the fill, once over all runs; empty on paper.';
COMMENT ON COLUMN trades.spent_units IS 'What left the account, a fee in that asset included.';
COMMENT ON COLUMN trades.received_units IS 'What came into it, less a fee in that asset.';

COMMENT ON TABLE order_events IS 'The life of every order.';
COMMENT ON COLUMN order_events.run_ms IS 'Run of the program that the order belongs to, by its start in ms since 1970.';
COMMENT ON COLUMN order_events.event IS 'sent (before its bytes leave), acked, uncertain or ended.';
COMMENT ON COLUMN order_events.outcome IS 'How it ended: filled, partial, unfilled, refused (proven not taken) or absent (the venue knows none such).';
COMMENT ON COLUMN order_events.cl_ord_id IS 'Our id, never used twice.';
COMMENT ON COLUMN order_events.venue_order_id IS 'The venue''s; empty while it is not known.';
COMMENT ON COLUMN order_events.limit_ticks IS 'Worst price it takes.';
COMMENT ON COLUMN order_events.qty_lots IS 'Filled, when it ended; cost and fee likewise.';

COMMENT ON TABLE exposure_changes IS 'What is held, or owed, that no plan will bring home: each change of it.';
COMMENT ON COLUMN exposure_changes.run_ms IS 'Run of the program that the plan belongs to, by its start in ms since 1970.';
COMMENT ON COLUMN exposure_changes.plan IS '0 when it belongs to none.';
COMMENT ON COLUMN exposure_changes.reason IS 'stranded, deviation (the venue''s balance is not the expected one), interrupted (a process died), swept or accepted.';
COMMENT ON COLUMN exposure_changes.amount_units IS 'Signed.';

COMMENT ON TABLE dust_changes IS 'What is held below the venue''s minimum: each change of it.';
COMMENT ON COLUMN dust_changes.run_ms IS 'Run of the program that the plan belongs to, by its start in ms since 1970.';
COMMENT ON COLUMN dust_changes.amount_units IS 'Signed.';

COMMENT ON TABLE expected_balances IS 'What the account was expected to hold, from time to time; account_balances has what it is now.';
COMMENT ON COLUMN expected_balances.run_ms IS 'Run of the program that wrote it, by its start in ms since 1970.';
COMMENT ON COLUMN expected_balances.plan IS 'Always 0.';

COMMENT ON VIEW record_numbers IS 'Every record number there is, whichever table its row is in.';
COMMENT ON VIEW trades_decimal IS 'trades as exact decimals.';
COMMENT ON VIEW boot_accounts IS 'The account of each run of the program.';
COMMENT ON VIEW orders_decimal IS 'Every order once, with its times and totals as exact decimals.';
COMMENT ON VIEW open_exposure IS 'What is held, or owed, that no plan will bring home, per account and asset.';
COMMENT ON VIEW open_dust IS 'What is held below the venue''s minimum, per account and asset.';
COMMENT ON VIEW balance_changes IS 'Every change of what an account is expected to hold.';
COMMENT ON VIEW account_balances IS 'What each account is expected to hold after all that is recorded.';
