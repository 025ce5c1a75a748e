"""Whole conversations and people on Django's ORM, for dumps and loads."""
