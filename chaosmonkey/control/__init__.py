"""Cutting power and network, giving it back, and the rules that decide what may be cut."""
