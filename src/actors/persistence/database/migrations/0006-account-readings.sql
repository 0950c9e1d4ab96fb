-- Up to which time of the venue the account is compared: from there the next run goes on, whatever our own clock says.
CREATE TABLE account_readings (
  boot BIGINT NOT NULL,
  source VARCHAR NOT NULL,
  record_seq BIGINT NOT NULL,
  happened_at TIMESTAMP_NS NOT NULL,
  plan BIGINT NOT NULL,
  execution_seq BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  run_ms BIGINT NOT NULL,
  venue_ms BIGINT NOT NULL
);

CREATE OR REPLACE VIEW record_numbers AS
SELECT boot, source, record_seq FROM opportunities
UNION ALL SELECT boot, source, record_seq FROM trades
UNION ALL SELECT boot, source, record_seq FROM plan_events
UNION ALL SELECT boot, source, record_seq FROM order_events
UNION ALL SELECT boot, source, record_seq FROM exposure_changes
UNION ALL SELECT boot, source, record_seq FROM dust_changes
UNION ALL SELECT boot, source, record_seq FROM expected_balances
UNION ALL SELECT boot, source, record_seq FROM taken_over
UNION ALL SELECT boot, source, record_seq FROM account_readings
UNION ALL SELECT boot, source, record_seq FROM portfolio_snapshots
UNION ALL SELECT boot, source, record_seq FROM audit_events
UNION ALL SELECT boot, source, record_seq FROM state_changes;

COMMENT ON TABLE account_readings IS 'Every comparison of the whole account with the venue''s in which all was as expected.';
COMMENT ON COLUMN account_readings.plan IS 'Always 0.';
COMMENT ON COLUMN account_readings.run_ms IS 'Run of the program that wrote it, by its start in ms since 1970.';
COMMENT ON COLUMN account_readings.venue_ms IS 'Time of the venue up to which the account was compared, in ms since 1970.';
COMMENT ON VIEW record_numbers IS 'Every record number there is, whichever table its row is in.';

-- By the order of the records, not by our clock: it can have been set between two of them.
CREATE OR REPLACE VIEW runtime_state AS
SELECT key, value, boot, source, record_seq, happened_at
FROM state_changes
QUALIFY row_number() OVER (PARTITION BY key ORDER BY boot DESC, record_seq DESC, happened_at DESC) = 1;

COMMENT ON VIEW runtime_state IS 'The newest value of each key, over all boots.';
