"""What happened to the machines and their pods, and what may happen next."""
