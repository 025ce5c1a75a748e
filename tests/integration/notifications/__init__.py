"""Notifying with real parts: the store, Redis, SQS and FCM on the loopback address."""
