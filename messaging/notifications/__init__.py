"""Notifying: a message that was committed rings the phones of those who are not there.

It listens to `messaging.domain.signals`; only the start of the app imports it, the demo page its
inbox, and the admin its dead letters.
"""
