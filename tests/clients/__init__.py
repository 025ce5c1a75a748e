"""Clients of the product as its contract describes them, for every test that runs instances.

`rest` is one person's requests, `view` what they know of their conversations (`known`) by the
rules of the stream, without input or output, `client` both over one socket.
"""
