"""Requests to addresses that operators name: webhooks and the moderation hook."""
