"""What is right and what is not before a show, line by line, and how to mend it."""

from chaosmonkey.preflight.findings import Finding, Level, fault
from chaosmonkey.preflight.host import look_at_this_machine
from chaosmonkey.preflight.run import (
    Table,
    look_at_everything,
    look_at_the_cluster,
    look_at_the_table,
)

__all__ = [
    "Finding",
    "Level",
    "Table",
    "fault",
    "look_at_everything",
    "look_at_the_cluster",
    "look_at_the_table",
    "look_at_this_machine",
]
