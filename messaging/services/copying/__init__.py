"""Keeps a copy of a store in another store, for `manage.py copy_store`."""
