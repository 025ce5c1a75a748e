"""The public signals of the core. Receivers run after the fact and cannot change it.

The sender is the `Instance` that committed. A receiver without a sender gets the signals of all
instances; a server process has one.
"""

from django.dispatch import Signal

message_sent = Signal()
"""A message was committed that is no system message. Arguments: `message` (Message), `conversation`
(Conversation, right after the commit). Sent in the background after the commit, never during a
request."""

message_deleted = Signal()
"""A message was deleted. Arguments: `message` (Message), `conversation` (Conversation, right after
the deletion). Sent in the background."""

conversation_read = Signal()
"""A person has read further in a conversation. Arguments: `user_id`, `conversation_id`, `read_seq`.
Sent in the background."""

participants_removed = Signal()
"""People left a conversation or were removed. Arguments: `user_ids`, `conversation` (Conversation,
right after the change). Sent in the background."""

report_created = Signal()
"""A text was reported to the operators, by a person or by moderation. Arguments: `report` (Report).
Sent in the background."""

push_failed = Signal()
"""A message rang on none of a person's devices. Arguments: `conversation_id`, `message_id`,
`user_ids`. Sent by the process that tried, in the background."""

instance_lost = Signal()
"""Another instance ended without a goodbye. Arguments: `boot_id` (str) and `since` (datetime, by
the store's clock): notifications of changes since then may be missing. Sent on every remaining
instance."""
