"""The real table: drawings, pin map and shopping list, all made of `lab.toml` in this folder."""
