"""Webhooks: signed requests to the endpoints of operators about what happens here."""
