"""Keeps the model at the state of the store."""
