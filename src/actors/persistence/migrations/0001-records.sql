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
