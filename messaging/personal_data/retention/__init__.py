"""Retention: turns messages that are older than their conversation keeps them into tombstones."""
