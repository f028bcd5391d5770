"""Figures as JSON: reported, not gating."""
