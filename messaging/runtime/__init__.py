"""A running instance: its parts, admission, readiness and live figures."""
