"""Limits on addresses without a token, and on people with one."""
