"""The calls that the store answered, of all operations together. The live figures read them every
few seconds: the histogram of `messaging.instruments.metrics` has hundreds of values to sum."""

from prometheus_client import Summary

STORE_ANSWERS = Summary("chat_store_answers", "Calls that the store answered.", registry=None)
"""Not exported: the histogram says more."""
