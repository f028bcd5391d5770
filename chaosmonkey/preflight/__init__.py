"""What is right and what is not before a show, line by line, and how to mend it."""

from chaosmonkey.preflight.findings import Finding, Level
from chaosmonkey.preflight.run import Table, look_at_everything

__all__ = ["Finding", "Level", "Table", "look_at_everything"]
