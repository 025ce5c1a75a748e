"""Wiring: what is read from the environment, and how the parts are put together."""
