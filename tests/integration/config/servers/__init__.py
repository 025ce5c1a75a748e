"""Servers of each kind, as clients meet them at their ports."""
