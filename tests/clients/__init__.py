"""Clients of the product as its contract describes them, for every test that runs instances.

`rest` is one person's requests, `view` what they know of their conversations by the rules of the
stream (no input or output), `client` both over one socket.
"""
