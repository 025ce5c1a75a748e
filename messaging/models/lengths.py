"""The lengths of columns."""

ID_LENGTH = 26
"""The length of the ids of conversations and messages, see `messaging.domain.identifiers`."""
USER_ID_LENGTH = 128
CLIENT_ID_LENGTH = 128
DEVICE_ID_LENGTH = 128
SWEEP_ID_LENGTH = 128
EMOJI_LENGTH = 32
"""An emoji has at most 10 code points, its name 32 characters."""
OPERATOR_LENGTH = 150
"""The length of a user name in Django's admin."""
FOLLOWER_LENGTH = 64
OWNER_LENGTH = 64
"""The length of the id of a process that holds a lease."""
