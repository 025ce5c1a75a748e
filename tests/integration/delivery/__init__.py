"""Delivery between instances."""
