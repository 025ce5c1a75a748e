"""Servers that only tests run, beside those of `config.development`."""
