"""Converts the exports of other products into the exchange format.

A converter of `messaging.exchange.importing.converters` yields what a product exported, in any
order, as `foreign` items. `staging` sorts the items on the disk, and `assembling` makes records of
them.
"""
