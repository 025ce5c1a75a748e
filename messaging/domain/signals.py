"""The public signals of the core. Receivers run after the fact and cannot change it.

The sender is the `Instance` that committed; a receiver that is connected without a sender hears
all of them, which is one in a server process.
"""

from django.dispatch import Signal

message_sent = Signal()
"""A message was committed. Arguments: `message` (Message), `conversation` (Conversation, as it
stood right after). Sent in the background, after the commit and never in a request's time."""

message_deleted = Signal()
"""A message became a tombstone. Arguments: `message` (Message), `conversation` (Conversation, as it
stood right after). Sent in the background."""

conversation_read = Signal()
"""Somebody has read further in a conversation. Arguments: `user_id`, `conversation_id`,
`read_seq`. Sent in the background."""

participants_removed = Signal()
"""People left a conversation or were removed. Arguments: `user_ids`, `conversation` (Conversation,
as it stood right after). Sent in the background."""

instance_lost = Signal()
"""Another instance ended without a goodbye. Arguments: `boot_id` (str) and `since` (datetime, by
the store's clock): what changed from there on may not have been notified. Sent on every instance
that is left."""
