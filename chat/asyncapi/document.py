"""Makes the AsyncAPI 3.0 document of every frame of the socket.

Its sources are the decoders of commands, the components of OpenAPI, and `frame_shapes`.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from chat.asyncapi.frame_shapes import (
    COMPONENTS,
    DURABLE,
    INTEGER,
    NULL,
    REPLIES,
    SESSION,
    SOFT,
    STRING,
    TIME,
    WORDS,
    list_of,
    shape,
)
from chat.rest.openapi.examples import example, words
from chat.rest.openapi.generator import Generator
from chat.rest.openapi.words import Words
from chat.socket.commands import TYPED

Json = dict[str, Any]

_CHANNEL = "#/channels/socket"
_BEARER = "bearer"
_SECURITY: list[Json] = [{"$ref": f"#/components/securitySchemes/{_BEARER}"}]
_ID: Json = {"anyOf": [INTEGER, {"type": "string", "maxLength": 64}]}
_OWN = (
    *("unread_count", "read_seq", "mentioned_seq", "marked_unread", "visible_from"),
    *("muted_until", "notify", "pinned", "archived", "archived_seq"),
)
"""The fields of a conversation that differ for each person. Events go to everyone, so they lack
these."""


def make() -> Json:
    """Return the document, a new one at each call. It is always the same."""
    schemas = _components()
    payloads = {**_commands(), **_replies(), **_events()}
    messages = {
        name: _message(name, _described(payload, name), schemas)
        for name, payload in payloads.items()
    }
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Chat",
            "version": "1",
            "description": "The frames of the socket. docs/socket.md has the rules for clients.",
            "license": {"name": "MIT", "url": "https://opensource.org/license/mit"},
        },
        "defaultContentType": "application/json",
        "channels": {
            "socket": {
                "address": "/ws/v1",
                "description": "One WebSocket of one person.",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
            }
        },
        "operations": _operations(),
        "components": {
            "messages": messages,
            "schemas": schemas,
            "securitySchemes": {
                _BEARER: {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The token of a person, in the header Authorization, or in the"
                    " subprotocol `bearer.TOKEN` beside `chat.v1`.",
                }
            },
        },
    }
    return deepcopy(document)  # its parts are constants, some of them in several places


def _operations() -> Json:
    """Return the operations from the server's view: it receives and answers commands, and sends
    events."""
    commands = {
        name.replace(".", "_"): {
            "action": "receive",
            "channel": {"$ref": _CHANNEL},
            "summary": f"The command `{name}`",
            "security": _SECURITY,
            "messages": [_listed(name)],
            "reply": {
                "channel": {"$ref": _CHANNEL},
                "messages": [_listed(f"{name}.reply"), _listed("error")],
            },
        }
        for name in REPLIES
    }
    events = {
        "action": "send",
        "channel": {"$ref": _CHANNEL},
        "summary": "Events, which the server sends unasked",
        "security": _SECURITY,
        "messages": [_listed(name) for name in (*DURABLE, *SOFT, *SESSION)],
    }
    return {**commands, "events": events}


def _listed(message: str) -> Json:
    return {"$ref": f"{_CHANNEL}/messages/{message}"}


def _commands() -> Mapping[str, Json]:
    return TYPED.schemas()


def _replies() -> Mapping[str, Json]:
    replies = {
        f"{name}.reply": shape(id=_ID, type=_const("reply"), data=data)
        for name, data in REPLIES.items()
    }
    error = shape(
        id={"anyOf": [*_ID["anyOf"], NULL]},
        type=_const("error"),
        code=STRING,
        detail=STRING,
        status=INTEGER,
        retry_after={"type": "number"},
        errors=list_of("FieldError"),
    )
    error["required"] = ["id", "type", "code", "detail", "status"]
    return {**replies, "error": error}


def _events() -> Mapping[str, Json]:
    common = {"event_id": STRING, "instance_id": STRING, "at": TIME}
    of_conversation = {**common, "conversation_id": STRING}
    durable = {**of_conversation, "version": INTEGER}
    return {
        name: shape(type=_const(name), **fields, data=data)
        for fields, events in ((durable, DURABLE), (of_conversation, SOFT), (common, SESSION))
        for name, data in events.items()
    }


def _const(value: str) -> Json:
    return {"enum": [value]}


def _message(name: str, payload: Json, schemas: Json) -> Json:
    return {
        "name": name,
        "payload": payload,
        "examples": [{"payload": example(payload, schemas)}],
    }


def _described(schema: Json, name: str) -> Json:
    """Return the schema with a description of each property, and an example for single values."""
    described = {}
    for field, found in schema.get("properties", {}).items():
        known = _words(field, name)
        inner = {"allOf": [found]} if "$ref" in found else _described(found, name)
        described[field] = {**inner, "description": known.description}
        if known.example is not None:
            described[field]["example"] = known.example
    return {**schema, "properties": described} if described else dict(schema)


def _words(field: str, name: str) -> Words:
    """Return the words for a property. Raises KeyError if there are none."""
    return WORDS.get(f"{name}.{field}") or WORDS.get(field) or words(field)


def _components() -> Json:
    """Return the OpenAPI components that frames use, and the components of frames only."""
    rest = Generator().get_schema(public=True)  # type: ignore[no-untyped-call]
    known = dict(rest["components"]["schemas"])
    known["SharedConversation"] = _without(known["Conversation"], *_OWN)
    known["SyncedChanges"] = _without(known["Changes"], "epoch")
    for name, own in COMPONENTS.items():
        known[name] = _described(own, name)
    needed: Json = {}
    _gather(
        [*REPLIES.values(), *DURABLE.values(), *SOFT.values(), *SESSION.values()], known, needed
    )
    _gather(list_of("FieldError"), known, needed)
    return dict(sorted(needed.items()))


def _without(component: Json, *left_out: str) -> Json:
    return {
        **component,
        "properties": {
            name: found for name, found in component["properties"].items() if name not in left_out
        },
        "required": [name for name in component["required"] if name not in left_out],
    }


def _gather(node: Any, known: Json, needed: Json) -> None:
    if isinstance(node, list):
        for part in node:
            _gather(part, known, needed)
    elif isinstance(node, dict):
        name = node.get("$ref", "").rpartition("/")[2]
        if name and name not in needed:
            needed[name] = known[name]
            _gather(known[name], known, needed)
        _gather(list(node.values()), known, needed)
