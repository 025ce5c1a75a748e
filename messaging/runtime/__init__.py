"""A running instance: its parts, what it admits, its readiness and its live figures."""
