-- What a run takes over from those before it is told to everybody who counts with it, and so stands here too.
CREATE TABLE taken_over (
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
  balance_units BIGINT NOT NULL,
  exposure_units BIGINT NOT NULL,
  dust_units BIGINT NOT NULL
);
COMMENT ON TABLE taken_over IS 'What each run took over from those before it, per asset. Nothing changes by it: open_exposure, open_dust and account_balances have it already.';
COMMENT ON COLUMN taken_over.plan IS 'Always 0.';
COMMENT ON COLUMN taken_over.run_ms IS 'Run of the program that took it over, by its start in ms since 1970.';
COMMENT ON COLUMN taken_over.balance_units IS 'What the account is expected to hold.';
COMMENT ON COLUMN taken_over.exposure_units IS 'Signed: held, or owed, that no plan will bring home.';
COMMENT ON COLUMN taken_over.dust_units IS 'Signed: held below the venue''s minimum.';

COMMENT ON COLUMN order_events.event IS 'sent (before its bytes leave), acked, uncertain, ended, misreported (what the venue said of it, beside what was asked for, and was not believed), or taken_over (by a later run, without an end).';

ALTER TABLE portfolio_snapshots ADD COLUMN exposure_units BIGINT;
ALTER TABLE portfolio_snapshots ADD COLUMN dust_units BIGINT;
COMMENT ON COLUMN portfolio_snapshots.exposure_units IS 'Held, or owed, that no plan will bring home. NULL in rows from before.';
COMMENT ON COLUMN portfolio_snapshots.dust_units IS 'Held below the venue''s minimum. NULL in rows from before.';

CREATE OR REPLACE VIEW portfolio_decimal AS
SELECT
  boot, source, record_seq, happened_at, snapshot, asset,
  exact_decimal(balance_units, decimals) AS balance,
  exact_decimal(reserved_units, decimals) AS reserved,
  exact_decimal(realised_units, decimals) AS realised,
  exact_decimal(drawdown_units, decimals) AS drawdown,
  exact_decimal(exposure_units, decimals) AS exposure,
  exact_decimal(dust_units, decimals) AS dust
FROM portfolio_snapshots;
COMMENT ON VIEW portfolio_decimal IS 'portfolio_snapshots as exact decimals.';

CREATE OR REPLACE VIEW record_numbers AS
SELECT boot, source, record_seq FROM opportunities
UNION ALL SELECT boot, source, record_seq FROM trades
UNION ALL SELECT boot, source, record_seq FROM plan_events
UNION ALL SELECT boot, source, record_seq FROM order_events
UNION ALL SELECT boot, source, record_seq FROM exposure_changes
UNION ALL SELECT boot, source, record_seq FROM dust_changes
UNION ALL SELECT boot, source, record_seq FROM expected_balances
UNION ALL SELECT boot, source, record_seq FROM taken_over
UNION ALL SELECT boot, source, record_seq FROM portfolio_snapshots
UNION ALL SELECT boot, source, record_seq FROM audit_events
UNION ALL SELECT boot, source, record_seq FROM state_changes;
COMMENT ON VIEW record_numbers IS 'Every record number there is, whichever table its row is in.';
