"""The header of programs that mean this server, and were not redirected to it."""

MEANT = {"X-Chaosmonkey": "1"}
