-- Records of every boot. Each row has the boot it belongs to, the actor that wrote it (`source`) and that actor's number
-- of the record (`record_seq`), which counts from 1 without gaps over all tables together.
--
-- Money is never a float: `…_ticks`, `…_lots` and `…_units` are integers in units of 10^-`…_decimals`. The views at the end
-- show the same as exact decimals.

CREATE TABLE boots (
  boot BIGINT PRIMARY KEY,
  process_id BIGINT NOT NULL,
  started_at TIMESTAMP_NS NOT NULL,
  version VARCHAR NOT NULL,
  config_hash VARCHAR NOT NULL
);

CREATE TABLE opportunities (
  boot BIGINT NOT NULL,
  source VARCHAR NOT NULL,
  record_seq BIGINT NOT NULL,
  happened_at TIMESTAMP_NS NOT NULL,
  seq BIGINT NOT NULL,
  ordinal INTEGER NOT NULL,
  recv_index BIGINT NOT NULL,
  trigger_symbol VARCHAR NOT NULL,
  strategy UTINYINT NOT NULL,
  cycle_number BIGINT NOT NULL,
  cycle VARCHAR NOT NULL,
  start_asset VARCHAR NOT NULL,
  start_decimals UTINYINT,
  touch_start_units BIGINT NOT NULL,
  gross_multiplier DOUBLE NOT NULL,
  net_multiplier DOUBLE NOT NULL,
  sized BOOLEAN NOT NULL,
  size_asset VARCHAR,
  size_decimals UTINYINT,
  start_units BIGINT,
  end_units BIGINT
);

CREATE TABLE opportunity_legs (
  boot BIGINT NOT NULL,
  source VARCHAR NOT NULL,
  record_seq BIGINT NOT NULL,
  leg UTINYINT NOT NULL,
  turn UTINYINT NOT NULL,
  symbol VARCHAR NOT NULL,
  side VARCHAR NOT NULL,
  fee_ppm BIGINT NOT NULL,
  price_ticks BIGINT NOT NULL,
  price_decimals UTINYINT,
  qty_lots BIGINT NOT NULL,
  qty_decimals UTINYINT,
  cost_units BIGINT NOT NULL,
  cost_asset VARCHAR NOT NULL,
  cost_decimals UTINYINT,
  fee_units BIGINT NOT NULL,
  fee_asset VARCHAR NOT NULL,
  fee_decimals UTINYINT
);

CREATE TABLE trades (
  boot BIGINT NOT NULL,
  source VARCHAR NOT NULL,
  record_seq BIGINT NOT NULL,
  happened_at TIMESTAMP_NS NOT NULL,
  plan BIGINT NOT NULL,
  execution_seq BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  leg UTINYINT NOT NULL,
  attempt UTINYINT NOT NULL,
  symbol VARCHAR NOT NULL,
  side VARCHAR NOT NULL,
  price_ticks BIGINT NOT NULL,
  limit_ticks BIGINT NOT NULL,
  price_decimals UTINYINT,
  qty_lots BIGINT NOT NULL,
  qty_wanted_lots BIGINT NOT NULL,
  qty_decimals UTINYINT,
  cost_units BIGINT NOT NULL,
  cost_asset VARCHAR NOT NULL,
  cost_decimals UTINYINT,
  fee_units BIGINT NOT NULL,
  fee_asset VARCHAR NOT NULL,
  fee_decimals UTINYINT
);

CREATE TABLE plan_events (
  boot BIGINT NOT NULL,
  source VARCHAR NOT NULL,
  record_seq BIGINT NOT NULL,
  happened_at TIMESTAMP_NS NOT NULL,
  plan BIGINT NOT NULL,
  execution_seq BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  ordinal INTEGER NOT NULL,
  event VARCHAR NOT NULL,
  outcome VARCHAR NOT NULL,
  reason VARCHAR NOT NULL,
  attempt UTINYINT NOT NULL,
  start_asset VARCHAR NOT NULL,
  start_decimals UTINYINT,
  start_units BIGINT NOT NULL,
  end_units BIGINT NOT NULL,
  profit_units BIGINT NOT NULL
);

CREATE TABLE portfolio_snapshots (
  boot BIGINT NOT NULL,
  source VARCHAR NOT NULL,
  record_seq BIGINT NOT NULL,
  happened_at TIMESTAMP_NS NOT NULL,
  snapshot BIGINT NOT NULL,
  asset VARCHAR NOT NULL,
  decimals UTINYINT,
  balance_units BIGINT NOT NULL,
  reserved_units BIGINT NOT NULL,
  realised_units BIGINT NOT NULL,
  drawdown_units BIGINT NOT NULL
);

CREATE TABLE audit_events (
  boot BIGINT NOT NULL,
  source VARCHAR NOT NULL,
  record_seq BIGINT NOT NULL,
  happened_at TIMESTAMP_NS NOT NULL,
  severity VARCHAR NOT NULL,
  event VARCHAR NOT NULL,
  symbol VARCHAR,
  a DOUBLE NOT NULL,
  b DOUBLE NOT NULL,
  text VARCHAR NOT NULL
);

CREATE TABLE state_changes (
  boot BIGINT NOT NULL,
  source VARCHAR NOT NULL,
  record_seq BIGINT NOT NULL,
  happened_at TIMESTAMP_NS NOT NULL,
  key VARCHAR NOT NULL,
  value VARCHAR NOT NULL
);

-- The newest value of each key, over all boots.
CREATE VIEW runtime_state AS
SELECT key, value, boot, source, record_seq, happened_at
FROM state_changes
QUALIFY row_number() OVER (PARTITION BY key ORDER BY boot DESC, happened_at DESC, record_seq DESC) = 1;

-- Every record number there is, whichever table its row is in.
CREATE VIEW record_numbers AS
SELECT boot, source, record_seq FROM opportunities
UNION ALL SELECT boot, source, record_seq FROM trades
UNION ALL SELECT boot, source, record_seq FROM plan_events
UNION ALL SELECT boot, source, record_seq FROM portfolio_snapshots
UNION ALL SELECT boot, source, record_seq FROM audit_events
UNION ALL SELECT boot, source, record_seq FROM state_changes;

-- Whether a source's records are complete: `missing` and `doubled` are 0 then.
CREATE VIEW record_completeness AS
SELECT
  boot,
  source,
  max(record_seq) AS newest,
  max(record_seq) - count(DISTINCT record_seq) AS missing,
  count(*) - count(DISTINCT record_seq) AS doubled
FROM record_numbers
GROUP BY boot, source;

-- An integer amount as an exact decimal. NULL when the decimals are not known.
CREATE MACRO exact_decimal(amount, decimals) AS
  CAST(amount AS DECIMAL(19, 0)) * CAST(
    [
      '1', '0.1', '0.01', '0.001', '0.0001', '0.00001', '0.000001', '0.0000001', '0.00000001', '0.000000001',
      '0.0000000001', '0.00000000001', '0.000000000001', '0.0000000000001', '0.00000000000001', '0.000000000000001',
      '0.0000000000000001', '0.00000000000000001', '0.000000000000000001'
    ][decimals + 1] AS DECIMAL(19, 18));

CREATE VIEW trades_decimal AS
SELECT
  boot, source, record_seq, happened_at, plan, leg, symbol, side,
  exact_decimal(price_ticks, price_decimals) AS price,
  exact_decimal(limit_ticks, price_decimals) AS limit_price,
  exact_decimal(qty_lots, qty_decimals) AS qty,
  exact_decimal(qty_wanted_lots, qty_decimals) AS qty_wanted,
  exact_decimal(cost_units, cost_decimals) AS cost, cost_asset,
  exact_decimal(fee_units, fee_decimals) AS fee, fee_asset
FROM trades;

CREATE VIEW plan_results_decimal AS
SELECT
  boot, source, record_seq, happened_at, plan, outcome, reason, start_asset,
  exact_decimal(start_units, start_decimals) AS spent,
  exact_decimal(end_units, start_decimals) AS received,
  exact_decimal(profit_units, start_decimals) AS profit
FROM plan_events
WHERE event = 'ended';

CREATE VIEW opportunities_decimal AS
SELECT
  boot, source, record_seq, happened_at, seq, ordinal, cycle, gross_multiplier, net_multiplier, start_asset,
  exact_decimal(touch_start_units, start_decimals) AS touch_start,
  size_asset,
  exact_decimal(start_units, size_decimals) AS size_start,
  exact_decimal(end_units, size_decimals) AS size_end,
  exact_decimal(end_units - start_units, size_decimals) AS profit
FROM opportunities;

CREATE VIEW portfolio_decimal AS
SELECT
  boot, source, record_seq, happened_at, snapshot, asset,
  exact_decimal(balance_units, decimals) AS balance,
  exact_decimal(reserved_units, decimals) AS reserved,
  exact_decimal(realised_units, decimals) AS realised,
  exact_decimal(drawdown_units, decimals) AS drawdown
FROM portfolio_snapshots;

-- What the documentation says of them (docs/database.md is made from this).

COMMENT ON TABLE schema_migrations IS 'Migrations that were applied to this file.';
COMMENT ON COLUMN schema_migrations.checksum IS 'SHA-256 of the migration''s text. A build whose text differs refuses the file.';

COMMENT ON TABLE boots IS 'One row per run of the program.';
COMMENT ON COLUMN boots.boot IS 'From 1. Every other row names the boot it belongs to.';
COMMENT ON COLUMN boots.process_id IS 'Process id of the program.';
COMMENT ON COLUMN boots.config_hash IS 'SHA-256 of the settings, defaults included.';

COMMENT ON TABLE opportunities IS 'What the detector found: cycles of trades that end with more than they began with, after fees.';
COMMENT ON COLUMN opportunities.happened_at IS 'When the frame was received that it follows from.';
COMMENT ON COLUMN opportunities.seq IS 'Number of the market message it follows from.';
COMMENT ON COLUMN opportunities.ordinal IS 'Counts the opportunities of one market message from 0.';
COMMENT ON COLUMN opportunities.recv_index IS 'Received frame it follows from, from 0.';
COMMENT ON COLUMN opportunities.trigger_symbol IS 'Instrument whose change triggered it.';
COMMENT ON COLUMN opportunities.strategy IS 'Index into the detector''s strategies.';
COMMENT ON COLUMN opportunities.cycle_number IS 'The detector''s number of the cycle, within this boot.';
COMMENT ON COLUMN opportunities.cycle IS 'Legs in trading order, the alphabetically first symbol first.';
COMMENT ON COLUMN opportunities.start_asset IS 'Asset that this spelling of the cycle starts with.';
COMMENT ON COLUMN opportunities.touch_start_units IS 'The most of start_asset that the best prices take.';
COMMENT ON COLUMN opportunities.gross_multiplier IS 'What one unit becomes at the best prices, before fees. A ratio, not money.';
COMMENT ON COLUMN opportunities.net_multiplier IS 'The same after fees.';
COMMENT ON COLUMN opportunities.sized IS 'Whether orders that pay can be made of it. NULL sizes otherwise.';
COMMENT ON COLUMN opportunities.size_asset IS 'Asset that the sized cycle starts and ends in.';

COMMENT ON TABLE opportunity_legs IS 'The trades of an opportunity. Quantity, cost and fee are 0 when it has no size.';
COMMENT ON COLUMN opportunity_legs.record_seq IS 'The opportunity''s.';
COMMENT ON COLUMN opportunity_legs.leg IS 'Place in the spelling of the cycle, from 0.';
COMMENT ON COLUMN opportunity_legs.turn IS 'Place in trading order for the size, from 0.';
COMMENT ON COLUMN opportunity_legs.fee_ppm IS 'Fee rate in parts per million.';
COMMENT ON COLUMN opportunity_legs.price_ticks IS 'Worst price the quantity reaches into; the best price when it has no size.';
COMMENT ON COLUMN opportunity_legs.cost_units IS 'What a buy pays, rounded up; what a sell brings before its fee, rounded down.';
COMMENT ON COLUMN opportunity_legs.fee_units IS 'Taken in the asset received, rounded up.';

COMMENT ON TABLE trades IS 'Fills of plans.';
COMMENT ON COLUMN trades.plan IS 'Number of the plan, from 1 within this boot.';
COMMENT ON COLUMN trades.execution_seq IS 'Number of this event of the sequencer.';
COMMENT ON COLUMN trades.seq IS 'Number of the market message that the plan follows from.';
COMMENT ON COLUMN trades.leg IS 'Place in trading order, from 0.';
COMMENT ON COLUMN trades.price_ticks IS 'Average price, rounded against us.';
COMMENT ON COLUMN trades.limit_ticks IS 'Worst price that the leg would have taken.';
COMMENT ON COLUMN trades.qty_wanted_lots IS 'What the leg asked for.';

COMMENT ON TABLE plan_events IS 'What became of opportunities that the sequencer took up or refused.';
COMMENT ON COLUMN plan_events.ordinal IS 'With seq, names the opportunity.';
COMMENT ON COLUMN plan_events.event IS 'opened, ended or refused.';
COMMENT ON COLUMN plan_events.outcome IS 'How it ended: completed, abandoned, unwound or stranded.';
COMMENT ON COLUMN plan_events.reason IS 'Why it was refused, or why it ended other than planned.';
COMMENT ON COLUMN plan_events.start_units IS 'Planned when opened or refused; spent when ended.';
COMMENT ON COLUMN plan_events.end_units IS 'Received in the start asset when ended, what was taken back included.';
COMMENT ON COLUMN plan_events.profit_units IS 'Expected when opened, booked when ended. A loss is negative.';

COMMENT ON TABLE portfolio_snapshots IS 'What was held, one row per asset and snapshot.';
COMMENT ON COLUMN portfolio_snapshots.snapshot IS 'Number shared by the rows of one snapshot.';
COMMENT ON COLUMN portfolio_snapshots.realised_units IS 'Profit realised in this asset since the start.';
COMMENT ON COLUMN portfolio_snapshots.drawdown_units IS 'Fall from the best result so far.';

COMMENT ON TABLE audit_events IS 'What happened, from every actor.';
COMMENT ON COLUMN audit_events.severity IS 'info, warning or error.';
COMMENT ON COLUMN audit_events.symbol IS 'Instrument it concerns, if any.';
COMMENT ON COLUMN audit_events.a IS 'First number of the event, by event.';
COMMENT ON COLUMN audit_events.b IS 'Second number of the event, by event.';

COMMENT ON TABLE state_changes IS 'Every value that a key of the runtime state ever had.';

COMMENT ON VIEW runtime_state IS 'The newest value of each key, over all boots.';
COMMENT ON VIEW record_numbers IS 'Every record number there is, whichever table its row is in.';
COMMENT ON VIEW record_completeness IS 'Per boot and source: the newest number, and how many are missing or doubled.';
COMMENT ON VIEW trades_decimal IS 'trades as exact decimals.';
COMMENT ON VIEW plan_results_decimal IS 'Ended plans as exact decimals.';
COMMENT ON VIEW opportunities_decimal IS 'opportunities as exact decimals.';
COMMENT ON VIEW portfolio_decimal IS 'portfolio_snapshots as exact decimals.';
