"""Commits that only create messages, by fixed statements: a send costs a fraction of the ORM's."""
