"""Clients of the product as its contract describes them, for every test that runs instances.

`rest` is one person's requests, `view` what they know of their conversations (`known`) by the
rules of the stream, without input or output, `client` both over one socket. `person` is a whole
client with an outbox and receipts (`outbox`, `soft`), which comes back after every break.

`check` plays the scenarios of `checking` with a client of any language; `adapter` lets `person` be
checked so.
"""
