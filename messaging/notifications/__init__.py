"""Notifications: a committed message sends a push to the people who are not there.

The package receives the signals in `messaging.domain.signals`. Only the start of the app imports
it; the admin imports its dead letters.
"""
