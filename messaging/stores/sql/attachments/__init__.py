"""Attachments on Django's ORM: their own store, and their part in the commit of a message."""
