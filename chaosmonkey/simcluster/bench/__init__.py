"""The simulator's electric bench: feeds, contacts, meters, GPIO pins and the panel."""
