"""Reactions on Django's ORM: one row for each person, message and emoji."""
