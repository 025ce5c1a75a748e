"""One format for conversations outside of a store: dumps, loads, exports and imports share it.

A file is JSON Lines: each line is one record, see `messaging.exchange.records`. This package knows
no store: it encodes, decodes and checks lines.
"""
