"""Rows that cannot be read, and reads that find the others (`messaging.stores.damage`)."""
