"""Positions on real stores and in Redis."""
