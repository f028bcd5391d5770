"""`make attack`: everything at once that ever broke a server, and what must hold meanwhile."""
