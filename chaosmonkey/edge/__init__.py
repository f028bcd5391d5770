"""An edge: serves the phone page and a read-only stage far from the table, linked over NATS."""
