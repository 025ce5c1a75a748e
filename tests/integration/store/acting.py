"""Acts as the services make them, for what tries the writer without an instance around it."""

import json
from collections.abc import Sequence

from messaging.commits.acts import Act
from messaging.domain.entities import Role
from messaging.domain.identifiers import content_hash, derived_id
from messaging.services.conversations import _Rename
from messaging.services.messages import _EditMessage, _SendMessage
from messaging.services.participants import _AddParticipants


def send(
    conversation_id: str,
    text: str,
    *,
    client_id: str,
    sender: str = "ann",
    mentions: Sequence[str] = (),
) -> Act:
    return _SendMessage(
        creates=derived_id("message", conversation_id, sender, client_id),
        conversation_id=conversation_id,
        sender_id=sender,
        client_id=client_id,
        text=text,
        reply_to=None,
        mentions=tuple(mentions),
        content_hash=content_hash(json.dumps([text, None, sorted(mentions)])),
    )


def edit(message_id: str, text: str, *, sender: str = "ann") -> Act:
    return _EditMessage(user_id=sender, message_id=message_id, text=text)


def rename(title: str, *, by: str = "ann") -> Act:
    return _Rename(user_id=by, title=title)


def add(*user_ids: str, by: str = "ann") -> Act:
    return _AddParticipants(user_id=by, user_ids=user_ids, role=Role.MEMBER)
