"""The real table: drawings, pin map and shopping list, generated from `lab.toml` in this folder."""
