"""Notifications: a committed message sends a push to the people who are not there.

The package receives the signals in `messaging.domain.signals`. Only the start of the app imports
it; the demo page imports its inbox, and the admin its dead letters.
"""
