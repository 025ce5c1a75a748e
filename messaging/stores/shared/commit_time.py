"""The committed state: the store's time replaces every `COMMIT_TIME`."""

from messaging.domain.conversation import Conversation
from messaging.domain.fields.codec import stamper
from messaging.domain.message import Message

stamped = stamper(Message)
"""`stamped(message, at)`"""

stamped_conversation = stamper(
    Conversation, always=("updated_at",), nested={"last_message": stamped}, given=("token",)
)
"""`stamped_conversation(conversation, at, token=…)`: as the store has committed it at `at`."""
