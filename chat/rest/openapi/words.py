"""What the properties and parameters of the API mean, with an example of each: for OpenAPI.

By name, since a name means the same everywhere; by `Component.name` where it does not.
`chat.rest.openapi.examples` puts them into the document, and a test fails for a name without words.
"""

from typing import Any, NamedTuple


class Words(NamedTuple):
    description: str
    example: Any


_AT = "2026-01-31T12:00:00.000Z"
_LATER = "2026-01-31T13:00:00.000Z"
_CONVERSATION = "q2m6v5b4x3n7k8j9h0g1f2d3s4"
_MESSAGE = "a1s2d3f4g5h6j7k8l9z0x1c2v3"

WORDS: dict[str, Words] = {
    "added": Words("The ids of the people who are in the conversation by this request.", ["bob"]),
    "added_by": Words("Who may add you to groups: `anyone` or `nobody`.", "anyone"),
    "after": Words("Only messages after this `seq`, which is not among them.", 40),
    "around": Words("A page around this `seq`, which is in it.", 42),
    "at": Words("When it was decided.", _AT),
    "attachments": Words("The files of the message. Always empty in this release.", []),
    "before": Words("Only messages before this `seq`, which is not among them.", 43),
    "client_id": Words(
        "Your own id of the request: 1 to 128 printable ASCII characters. A request with a known "
        "one is answered with what the first made, so that it is safe to retry.",
        "7f3c-1",
    ),
    "code": Words("What went wrong, for programs.", "invalid_request"),
    "FieldError.code": Words("What is wrong with the field, for programs.", "required"),
    "conversation": Words("The conversation as it is now; null where nothing changed.", None),
    "conversation_id": Words("The id of the conversation.", _CONVERSATION),
    "created_version": Words(
        "The `version` at which the message was sent; null where that is not known.",
        57,
    ),
    "created_at": Words("When it was made, by the store's clock.", _AT),
    "cursor": Words("The `next_cursor` of the page before.", "WzE3Njk4NjA4MDAsICJ4Il0="),
    "deleted_at": Words("When the message was deleted; null while it is there.", None),
    "delivered": Words("Whether it reached one of the person's devices.", True),
    "delivered_seq": Words("The `seq` up to which messages reached the person's devices.", 42),
    "detail": Words("What went wrong and what to do, for people.", "This field is required."),
    "device_id": Words("Your own id of the device.", "phone-1"),
    "devices": Words("By device id: `sent`, or what kept it from that.", {"phone-1": "sent"}),
    "edited_at": Words("When the text was last changed; null if it never was.", None),
    "epoch": Words(
        "Changes when the store was restored from a backup: discard every cursor and load anew.",
        "5kq3n7",
    ),
    "errors": Words("What is wrong with each field; at most 20.", []),
    "expires_at": Words("Until when the token is good.", _LATER),
    "expires_in": Words("Seconds; an hour by default, a day at most.", 3_600),
    "field": Words(
        "The field, with dots between levels: `quiet_hours.from`, `user_ids.3`.", "text"
    ),
    "from": Words("When the quiet hours begin, in the time zone.", "22:00"),
    "has_more_after": Words("Whether there are later messages.", False),
    "has_more_before": Words("Whether there are earlier messages.", True),
    "id": Words("Its id, an opaque string.", _MESSAGE),
    "Conversation.id": Words("The id of the conversation.", _CONVERSATION),
    "Device.id": Words("Your own id of the device.", "phone-1"),
    "Report.id": Words("The id of the report.", "r4t5z6u7i8o9p0a1s2d3f4g5h6"),
    "items": Words("The entries of this page.", []),
    "joined_version": Words(
        "The version of the conversation at which the person was last added; 0 for its founders.", 0
    ),
    "kind": Words("`direct`: between two people, who are fixed; `group`.", "group"),
    "last_active_at": Words("When the person last did something; null if not known.", _AT),
    "last_message": Words("The message with the highest `seq`; null if there is none.", None),
    "limit": Words("The most entries of the page.", 50),
    "limits": Words(
        "By name; the rates are of one person, over REST and sockets together.",
        {"text_characters": 10_000},
    ),
    "mentions": Words("The ids of the participants whom the text mentions.", ["bob"]),
    "message_id": Words("The id of the message.", _MESSAGE),
    "messages": Words("The present state of every message that changed, by `version`.", []),
    "more": Words("Whether to ask again from this `version`.", False),
    "muted_until": Words("Until when nothing of this conversation rings; null: it may.", None),
    "next_cursor": Words("The `cursor` of the next page; null at the end.", None),
    "notify": Words("Which messages ring: `all`, `mentions` or `none`.", "all"),
    "participant_count": Words("How many people are in the conversation.", 3),
    "participant_ids": Words("The other people; yourself may be among them.", ["bob", "cid"]),
    "participants": Words(
        "The people, in the order in which they were added; null above 50 people, except in GET of "
        "one conversation.",
        [],
    ),
    "platform": Words("What the device runs: `android`, `ios` or `web`.", "android"),
    "private_reading": Words("Whether others see how far you have read.", False),
    "push": Words("Whether a push was sent, and why or why not.", None),
    "push_text": Words("Whether pushes show the text, or only `New message`.", True),
    "quiet_hours": Words("When nothing rings; null: never.", None),
    "reactions": Words(
        "By emoji: how many people, and the first ten of them. Always empty in this release.", {}
    ),
    "read": Words("Whether the person has read the message.", False),
    "read_seq": Words("The `seq` up to which the person has read.", 41),
    "reason": Words("Why the message is reported, in your words.", "This is spam."),
    "Push.reason": Words("Why a push was sent, or not.", "absent"),
    "registered_at": Words("When the device was last registered.", _AT),
    "reply_to": Words("The id of the message that this one answers; null: none.", None),
    "request_id": Words("The id of the request, as in `X-Request-ID` and in the logs.", "9f86d081"),
    "role": Words("`owner`, `admin` or `member`.", "member"),
    "sender_id": Words("The id of the person who sent it.", "ann"),
    "seq": Words(
        "The number of the message in its conversation: 1, 2, 3… without holes; of a conversation "
        "that of its latest message.",
        42,
    ),
    "since": Words("The `version` that you have.", 56),
    "state": Words("`read`, `delivered`, `notified` or `pending`.", "delivered"),
    "status": Words("The HTTP status.", 400),
    "Changes.status": Words(
        "`ok`; `reset`: load the conversation again; `forbidden`: you are not in it.", "ok"
    ),
    "PersonPresence.status": Words(
        "`online`: has a socket; `reachable`: has none, but a device that rings; `offline`.",
        "online",
    ),
    "text": Words("The text as it was typed; null once the message is deleted.", "Are you coming?"),
    "time_zone": Words("The IANA name of the time zone.", "Europe/Berlin"),
    "title": Words("The title of a group; null where there is none.", "Tea"),
    "Problem.title": Words("The kind of error, for people.", "Invalid request"),
    "to": Words("When the quiet hours end, in the time zone.", "07:00"),
    "token": Words("The registration token or installation id.", "dQw4w9WgXcQ:APA91b"),
    "DevelopmentToken.token": Words("The bearer token.", "WyJhbm4iLDE3Njk4NjA4MDBd.c2lnbmF0dXJl"),
    "token_kind": Words(
        "`token`: a registration token; `installation_id`: a Firebase installation id.", "token"
    ),
    "type": Words("A URN that names the code.", "urn:chat:problem:invalid_request"),
    "typing": Words("Whether you are typing; true by default.", True),
    "uncounted": Words(
        "The `seq` of deleted messages, which are unread for nobody: the latest 500 ranges "
        "`[from, to]`, both inclusive, ascending.",
        [[7, 7], [30, 34]],
    ),
    "unread_count": Words(
        "How many messages of the conversation you have not read: `seq` − `read_seq`, less the "
        "`uncounted` ones above `read_seq`.",
        1,
    ),
    "unread_total": Words("Unread messages over your 1,000 latest conversations.", 7),
    "updated_at": Words("When it last changed, by the store's clock.", _AT),
    "user_id": Words("The id of the person, as in their token.", "ann"),
    "user_ids": Words("The ids of people.", ["bob", "cid"]),
    "verdict": Words(
        "`sent`, `dropped`, `failed`, or `pending` while nothing is decided; also `pending` where "
        "a person who reads privately got no push because they had read the message.",
        "sent",
    ),
    "version": Words(
        "The number of durable changes of the conversation: 1, 2, 3… without holes; of a message "
        "that of its latest change.",
        57,
    ),
}

TAGS = {
    "me": "Who you are, your settings, your sign-ins.",
    "conversations": "Direct and group conversations, and your own settings in them.",
    "participants": "The people of a group and their roles.",
    "messages": "Sending, reading, editing and deleting; what changed; who was notified.",
    "receipts": "How far everybody has read and received.",
    "presence": "Who is there, and who is typing.",
    "devices": "The devices on which you are notified.",
    "moderation": "Blocking people and reporting messages.",
    "development": "For development only.",
}
