"""Storages of files on the loopback address, which verify what their vendors verify."""
