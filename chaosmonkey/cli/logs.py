"""The log format of commands."""

from __future__ import annotations

import logging

from chaosmonkey.visible import visible, visible_rows


class Format(logging.Formatter):
    """Formats the story as plain text, everything else with its level and source.

    A record is one row, with its traceback indented below: untrusted text cannot forge a row.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Format one record."""
        time = self.formatTime(record, "%H:%M:%S")
        source = f"{record.levelname.lower()} {record.name}: "
        if record.name == "chaosmonkey.story":
            source = ""
        below = self.formatException(record.exc_info) if record.exc_info else ""
        if record.stack_info:
            below = f"{below}\n{record.stack_info}".lstrip("\n")
        rows = [f"    {row}" for row in visible_rows(below)] if below else []
        return "\n".join([visible(f"{time}  {source}{record.getMessage()}"), *rows])


def configure_logging() -> None:
    """Log to standard error; from libraries only warnings."""
    handler = logging.StreamHandler()
    handler.setFormatter(Format())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for noisy in ("uvicorn", "httpx", "aiosqlite", "websockets"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
