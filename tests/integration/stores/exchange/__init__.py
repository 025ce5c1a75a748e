"""Dumps and loads, on all stores."""
