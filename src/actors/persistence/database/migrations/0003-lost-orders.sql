-- An order that the venue had and does not know any more is an end of its own.
COMMENT ON COLUMN order_events.outcome IS 'How it ended: filled, partial, unfilled, refused (proven not taken), absent (the venue never had it) or lost (the venue had it and knows it no more).';
