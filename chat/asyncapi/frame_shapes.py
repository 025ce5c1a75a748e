"""The shapes of the socket's replies and events, for AsyncAPI. A test compares the real frames with
them.

A shape is the JSON Schema of an object in which all properties are present.
"""

from typing import Any

from chat.rest.openapi.words import Words

Json = dict[str, Any]

_AT = "2026-01-31T12:00:00.000Z"
_LATER = "2026-01-31T13:00:00.000Z"


def reference(component: str) -> Json:
    return {"$ref": f"#/components/schemas/{component}"}


def list_of(component: str) -> Json:
    return {"type": "array", "items": reference(component)}


def shape(**properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": list(properties)}


STRING: Json = {"type": "string"}
INTEGER: Json = {"type": "integer"}
BOOLEAN: Json = {"type": "boolean"}
NUMBER: Json = {"type": "number"}
TIME: Json = {"type": "string", "format": "date-time"}
NULL: Json = {"type": "null"}

COMPONENTS: dict[str, Json] = {
    "OwnState": shape(
        conversation_id=STRING,
        read_seq=INTEGER,
        unread_count=INTEGER,
        marked_unread={"anyOf": [INTEGER, NULL]},
        preferences=reference("Preferences"),
    ),
    "Place": shape(version=INTEGER, seq=INTEGER),
}
"""The schemas in addition to those of OpenAPI."""

REPLIES: dict[str, Json] = {
    "message.send": shape(message=reference("Message"), created=BOOLEAN),
    "message.edit": shape(message=reference("Message")),
    "message.delete": shape(version=INTEGER),
    "reaction.add": shape(message=reference("Message")),
    "reaction.remove": shape(message=reference("Message")),
    "receipt.read": reference("ReadReceipt"),
    "receipt.delivered": shape(),
    "typing.start": shape(),
    "typing.stop": shape(),
    "conversation.sync": shape(
        conversations={"type": "object", "additionalProperties": reference("SyncedChanges")},
        epoch=STRING,
    ),
    "receipts.sync": shape(items=list_of("OwnState"), at=TIME, truncated=BOOLEAN),
    "presence.watch": reference("PresenceList"),
    "activity": shape(),
    "auth.refresh": shape(expires_at={"anyOf": [TIME, NULL]}),
    "ping": shape(),
}
"""The data of the reply to each command."""

_MESSAGE = shape(message=reference("Message"))
_CHANGED_MESSAGE = {
    **shape(message=reference("Message"), pinned_count=INTEGER),
    "required": ["message"],
}
_CONVERSATION = shape(conversation=reference("SharedConversation"))
_PEOPLE = shape(participants=list_of("Participant"), by={"anyOf": [STRING, NULL]})
_TYPING = shape(user_id=STRING, expires_at=TIME)
_NAMED = shape(conversation_id=STRING)

DURABLE: dict[str, Json] = {
    "message.created": _MESSAGE,
    "message.updated": _CHANGED_MESSAGE,
    "message.deleted": _CHANGED_MESSAGE,
    "reaction.updated": {
        **shape(message=reference("Message"), by=STRING, emoji=STRING, added=BOOLEAN),
        "required": ["message"],
    },
    "conversation.updated": _CONVERSATION,
    "participant.added": _PEOPLE,
    "participant.removed": _PEOPLE,
    "conversation.changes": shape(
        since=INTEGER, messages=list_of("Message"), conversation=reference("SharedConversation")
    ),
}
"""The data of each event that has a `version`."""

SOFT: dict[str, Json] = {
    "receipt.updated": {
        **shape(
            user_id=STRING,
            read_seq=INTEGER,
            delivered_seq=INTEGER,
            unread_count=INTEGER,
            marked_unread={"anyOf": [INTEGER, NULL]},
        ),
        "required": ["user_id", "read_seq", "delivered_seq"],
    },
    "preferences.updated": shape(conversation_id=STRING, preferences=reference("Preferences")),
    "typing.started": _TYPING,
    "typing.stopped": _TYPING,
    "conversation.added": _CONVERSATION,
    "conversation.removed": _NAMED,
    "resync": _NAMED,
}
"""The data of each event of a conversation that has no `version`."""

SESSION: dict[str, Json] = {
    "hello": shape(
        connection_id=STRING,
        instance_id=STRING,
        user_id=STRING,
        heartbeat_seconds=INTEGER,
        limits={"type": "object", "additionalProperties": INTEGER},
        degraded=BOOLEAN,
        conversations={"type": "object", "additionalProperties": reference("Place")},
        truncated=BOOLEAN,
        epoch=STRING,
        at=TIME,
    ),
    "heartbeat": shape(),
    "degraded": shape(),
    "restored": shape(),
    "presence.changed": reference("PersonPresence"),
    "auth.expiring": shape(expires_at=TIME),
    "draining": shape(retry_after=NUMBER),
}
"""The data of each event that belongs to no conversation."""

WORDS: dict[str, Words] = {
    "added": Words("Whether the reaction was added; false: removed.", True),
    "active": Words("Whether a person is looking at the app.", True),
    "at": Words("The time by the store's clock.", _AT),
    "by": Words("The id of the person who made the change; null: an operator.", "ann"),
    "connection_id": Words("The id of this socket, as in the logs.", "c-81f2"),
    "conversation.sync.conversations": Words(
        "By conversation id: your cursor, the last `version` that you applied.",
        {"q2m6v5b4x3n7k8j9h0": 56},
    ),
    "conversation": Words("The conversation after the change.", None),
    "conversations": Words("By conversation id.", None),
    "created": Words("Whether this command created the message; false: it existed already.", True),
    "data": Words("The content, which depends on `type`.", None),
    "degraded": Words("Whether events of other instances arrive late.", False),
    "errors": Words("What is wrong with each field; at most 20.", None),
    "event_id": Words("The id of the event, the same on every socket.", "q2m6v5b4x3n7k8.57"),
    "expires_at": Words("The expiry, by the server's clock; null: it does not expire.", _LATER),
    "heartbeat_seconds": Words("The interval of `heartbeat`.", 25),
    "id": Words("Your own id of the command; the answer has the same id.", 7),
    "instance_id": Words("The name of the instance that sent the event.", "chat-1"),
    "items": Words("The entries.", None),
    "message": Words("The message after the change.", None),
    "messages": Words("The present state of the changed messages, by `version`.", None),
    "participants": Words("The people who were added or removed.", None),
    "pinned_count": Words("How many messages are pinned; absent if that did not change.", 3),
    "preferences": Words("Your settings in this conversation.", None),
    "receipts.sync.since": Words("The `at` of the previous answer, or of the first `hello`.", _AT),
    "retry_after": Words("Seconds to wait before a retry.", 2.5),
    "status": Words("The HTTP status that REST answers with.", 400),
    "token": Words("A fresh token of the same person.", "WyJhbm4iLDE3Njk4NjA4MDBd.c2lnbmF0"),
    "truncated": Words("Whether entries are left out.", False),
    "type": Words("The kind of frame.", None),
}
"""Descriptions of the properties of frames that differ from `chat.rest.openapi.words` or are
missing there. The key is the name or `type.name`. An example of None is built from its parts."""
