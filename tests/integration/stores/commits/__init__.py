"""Commits on real stores."""
