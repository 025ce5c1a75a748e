"""Wiring: reads the environment, and connects the parts."""
