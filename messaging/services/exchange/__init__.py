"""Dumps conversations to a file, and loads them from one, for management commands."""
