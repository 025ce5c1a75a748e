"""Descriptions and examples of the properties and parameters of the API, for OpenAPI.

The key is the name, or `Component.name` if the name has another meaning there.
`chat.rest.openapi.examples` adds them to the document. A test fails for a name without words.
"""

from typing import Any, NamedTuple


class Words(NamedTuple):
    description: str
    example: Any


_AT = "2026-01-31T12:00:00.000Z"
_LATER = "2026-01-31T13:00:00.000Z"
_CONVERSATION = "q2m6v5b4x3n7k8j9h0g1f2d3s4"
_FILE = "f3l2e3a4t5t6a7c2h2m3e4n2t3"
_MESSAGE = "a1s2d3f4g5h6j7k8l9z0x1c2v3"

WORDS: dict[str, Words] = {
    "added": Words(
        "The ids of the people in the request who are now in the conversation, also if they "
        "were in it before.",
        ["bob"],
    ),
    "added_by": Words("Who may add you to groups: `anyone` or `nobody`.", "anyone"),
    "after": Words("Only messages after this `seq`, exclusive.", 40),
    "archived": Words(
        "Whether you archived the conversation. A later message of somebody else ends it. Where "
        "you muted it, or `notify` is not `all`, only a mention does.",
        False,
    ),
    "archived_seq": Words(
        "The `seq` of the latest message when you archived the conversation; null if you did not. "
        "Clients derive `archived` from it.",
        None,
    ),
    "around": Words("A page around this `seq`, inclusive.", 42),
    "at": Words("When the decision was made.", _AT),
    "attachments": Words(
        "The files of the message. In a send: the ids of at most 10 attachments of your own, which "
        "are complete and not sent yet.",
        [],
    ),
    "before": Words("Only messages before this `seq`, exclusive.", 43),
    "clear": Words(
        "Whether to remove your unread mark even if the read position does not move; false by "
        "default.",
        False,
    ),
    "client_id": Words(
        "Your own id of the request: 1 to 128 printable ASCII characters. A retry with the same "
        "`client_id` returns the result of the first request, so it is safe.",
        "7f3c-1",
    ),
    "code": Words("The error code, for programs.", "invalid_request"),
    "FieldError.code": Words("The error code of the field, for programs.", "required"),
    "content_type": Words("The media type of the file.", "image/jpeg"),
    "count": Words("The number of people.", 3),
    "conversation": Words("The present conversation; null if nothing changed.", None),
    "conversation_id": Words("The id of the conversation.", _CONVERSATION),
    "created_version": Words(
        "The `version` at which the message was sent; null if unknown.",
        57,
    ),
    "created_at": Words("When it was created, by the store's clock.", _AT),
    "Chat-Act-As": Words("The person on whose behalf a service account acts.", "alice"),
    "cursor": Words("The `next_cursor` of the previous page.", "WzE3Njk4NjA4MDAsICJ4Il0="),
    "deleted_at": Words("When the message was deleted; null if it is not deleted.", None),
    "delivered": Words("Whether the message reached one of the person's devices.", True),
    "delivered_seq": Words("The `seq` up to which messages reached the person's devices.", 42),
    "detail": Words("What is wrong and what to do, for people.", "This field is required."),
    "device_id": Words("Your own id of the device.", "phone-1"),
    "devices": Words("By device id: `sent`, or the reason why not.", {"phone-1": "sent"}),
    "edited_at": Words("When the text was last changed; null if it never was.", None),
    "epoch": Words(
        "Changes when a backup of the store is restored: discard every cursor and load again.",
        "5kq3n7",
    ),
    "errors": Words("What is wrong with each field; at most 20.", []),
    "expires_at": Words("When the token expires.", _LATER),
    "expires_in": Words("The lifetime in seconds: an hour by default, a day at most.", 3_600),
    "field": Words(
        "The path of the field, with dots between levels: `quiet_hours.from`, `user_ids.3`.", "text"
    ),
    "filename": Words("The name of the file.", "tea.jpg"),
    "from": Words("When the quiet hours begin, in their time zone.", "22:00"),
    "frozen": Words(
        "Whether an operator froze the conversation: then members can neither write nor delete.",
        False,
    ),
    "has_more_after": Words("Whether there are later messages.", False),
    "has_more_before": Words("Whether there are earlier messages.", True),
    "has_thumbnail": Words("Whether the file has a thumbnail.", True),
    "height": Words("The height of the image in pixels; null for other files.", 768),
    "history": Words(
        "What people who are added later see of earlier messages: `full` or `since_joining`.",
        "full",
    ),
    "AnnounceAttachment.filename": Words(
        "The name of the file: one line of at most 255 characters, without a path.", "tea.jpg"
    ),
    "AnnounceAttachment.size": Words("The exact size in bytes, at most 25 MiB.", 48_213),
    "File.expires_at": Words("When both signed URLs stop working: ten minutes from now.", _LATER),
    "File.id": Words("The id of the attachment.", _FILE),
    "File.message_id": Words("The id of the message that the file is part of.", _MESSAGE),
    "File.sender_id": Words("The id of the person who sent the file.", "ann"),
    "File.seq": Words("The `seq` of the message.", 42),
    "Upload.expires_at": Words("When the signed URL stops working.", _LATER),
    "AttachmentState.id": Words("The id of the attachment.", _FILE),
    "AttachmentState.status": Words(
        "`pending`: the file is not checked; `ready`: it may be sent.", "pending"
    ),
    "attachment": Words("The attachment.", None),
    "attachment_id": Words("The id of the attachment.", _FILE),
    "headers": Words(
        "The headers that the upload must have, exactly.", {"Content-Type": "image/jpeg"}
    ),
    "ids": Words("The ids of what is wanted, separated by commas; at most 100.", [_MESSAGE]),
    "method": Words("The method of the upload.", "PUT"),
    "thumbnail_url": Words(
        "The signed URL of a WebP of at most 512 × 512 pixels; null for files other than images.",
        f"https://files.example.com/{_FILE}.thumbnail?X-Amz-Expires=600",
    ),
    "upload": Words("Where to upload the file to.", None),
    "url": Words(
        "The signed URL. It works without a token until `expires_at`.",
        f"https://files.example.com/{_FILE}?X-Amz-Expires=600",
    ),
    "Attachment.id": Words("The id of the attachment.", _FILE),
    "id": Words("The id, an opaque string.", _MESSAGE),
    "job_id": Words("The id of the job.", _MESSAGE),
    "JobStatus.id": Words("The id of the job.", _MESSAGE),
    "JobStatus.kind": Words("What the job does.", "erase"),
    "JobStatus.state": Words(
        "How far it is. `held`: a legal hold defers it; it goes on when the hold is lifted.", "done"
    ),
    "progress": Words("How much was done, by the kind of thing.", {"messages": 42}),
    "result": Words(
        "The receipt of an erasure: what was removed, what stays and why. Of an export: `bytes`, "
        "`sha256`, `records`, `expires_at`, and a `url` that works for ten minutes. Null before.",
        {"erased_id": "erased:5kq3n7", "removed": {"messages": 42}, "stays": []},
    ),
    "Conversation.id": Words("The id of the conversation.", _CONVERSATION),
    "Device.id": Words("Your own id of the device.", "phone-1"),
    "Report.id": Words("The id of the report.", "r4t5z6u7i8o9p0a1s2d3f4g5h6"),
    "is_service": Words("Whether this is a service of the operators, and not a person.", False),
    "items": Words("The entries of this page.", []),
    "joined_version": Words(
        "The version of the conversation at which the person was last added; 0 for its first "
        "participants.",
        0,
    ),
    "kind": Words("`direct`: between two fixed people; `group`: any number of people.", "group"),
    "emoji": Words("One emoji, or a name of 1 to 32 characters of a-z 0-9 _ + -.", "👍"),
    "Message.kind": Words(
        "`text`: somebody wrote it; `system`: it reports a change of the conversation.", "text"
    ),
    "SendMessage.kind": Words(
        "`text`, or `system` for a system message of a service account.", "text"
    ),
    "last_active_at": Words("When the person was last active; null if unknown.", _AT),
    "last_message": Words("The message with the highest `seq`; null if there is none.", None),
    "limit": Words("The maximum number of entries on the page.", 50),
    "limits": Words(
        "By name. The rates are per person, over REST and sockets together.",
        {"text_characters": 10_000},
    ),
    "marked_unread": Words(
        "The `seq` of the message that you marked as unread: show a dot. null if there is none.",
        None,
    ),
    "match": Words("Whether this part is one of the words that were searched for.", True),
    "mentioned_seq": Words(
        "The `seq` of the latest message of others above `read_seq` that mentions you; null if "
        "there is none, or if it was deleted.",
        None,
    ),
    "mentions": Words("The ids of the participants that the text mentions.", ["bob"]),
    "mentions_all": Words("Whether the message mentions everyone.", False),
    "FoundMessage.message": Words("The message, as it is now.", None),
    "message_id": Words("The id of the message.", _MESSAGE),
    "messages": Words("The present state of every message that changed, by `version`.", []),
    "metadata": Words(
        "A JSON object of your own, at most 4 KiB and 5 levels; null if there is none.",
        {"topic": "tea"},
    ),
    "more": Words("Whether there are more changes: request them with this `version`.", False),
    "my_reactions": Words("Your own reactions to the message.", ["👍"]),
    "muted_until": Words("No pushes of this conversation until then; null: pushes are on.", None),
    "name": Words("The name of the person; null if there is none: show the user id.", "Ann Lee"),
    "next_cursor": Words("The `cursor` of the next page; null at the end.", None),
    "notify": Words("Which messages send a push: `all`, `mentions` or `none`.", "all"),
    "participant_count": Words("How many people are in the conversation.", 3),
    "owner_id": Words("The owner of a group, or one of the two people.", "ann"),
    "participant_ids": Words(
        "The ids of the other people. You may include yourself.", ["bob", "cid"]
    ),
    "participants": Words(
        "The people, in the order in which they were added; null above 50 people, except in GET of "
        "one conversation.",
        [],
    ),
    "picture": Words(
        "The https URL of a picture; null if there is none.", "https://example.com/ann.jpg"
    ),
    "pinned": Words("Whether you pinned the conversation in your list.", False),
    "pinned_at": Words("When the message was pinned; null if it is not pinned.", None),
    "pinned_count": Words("How many messages are pinned.", 0),
    "platform": Words("The platform of the device: `android`, `ios` or `web`.", "android"),
    "posting": Words("Who may send: `all`, or `admins`: owners and admins.", "all"),
    "private_reading": Words("Whether your read position is hidden from others.", False),
    "q": Words("The words to search for.", "coming"),
    "push": Words("Whether a push was sent, and the reason.", None),
    "push_text": Words("Whether pushes show the text, or only `New message`.", True),
    "quiet_hours": Words("When no pushes are sent; null: never.", None),
    "reactions": Words(
        "By emoji: the number of people, and ten of them, the first ones first.",
        {"👍": {"count": 1, "user_ids": ["bob"]}},
    ),
    "read": Words("Whether the person has read the message.", False),
    "read_seq": Words("The `seq` up to which the person has read.", 41),
    "reason": Words("Why you report the message, in your own words.", "This is spam."),
    "Push.reason": Words("Why a push was sent, or why not.", "absent"),
    "registered_at": Words("When the device was last registered.", _AT),
    "reply_to": Words("The id of the message that this one replies to; null: none.", None),
    "request_id": Words("The id of the request, as in `X-Request-ID` and in the logs.", "9f86d081"),
    "role": Words("`owner`, `admin` or `member`.", "member"),
    "search_messages.after": Words("Only messages sent after this time.", _AT),
    "search_messages.before": Words("Only messages sent before this time.", _LATER),
    "sender_id": Words("The id of the sender.", "ann"),
    "seq": Words(
        "The number of the message in its conversation: 1, 2, 3… without gaps. For a conversation: "
        "the number of its latest message.",
        42,
    ),
    "since": Words("The `version` that you already have.", 56),
    "size": Words("The size of the file in bytes.", 48_213),
    "state": Words("`read`, `delivered`, `notified` or `pending`.", "delivered"),
    "status": Words("The HTTP status.", 400),
    "Changes.status": Words(
        "`ok`; `reset`: load the conversation again; `forbidden`: you are not in it.", "ok"
    ),
    "PersonPresence.status": Words(
        "`online`: has a socket; `reachable`: no socket, but a device that gets pushes; `offline`.",
        "online",
    ),
    "system_messages": Words(
        "Whether changes of people, roles and title also create a system message.", False
    ),
    "snippet": Words("The part of the text around the first match.", []),
    "SnippetPart.text": Words("A part of the message's text, on one line.", "coming"),
    "text": Words("The text as it was typed; null once the message is deleted.", "Are you coming?"),
    "time_zone": Words("The IANA name of the time zone.", "Europe/Berlin"),
    "title": Words("The title of a group; null if it has none.", "Tea"),
    "Problem.title": Words("The kind of error, for people.", "Invalid request"),
    "to": Words("When the quiet hours end, in their time zone.", "07:00"),
    "token": Words("The registration token or installation id.", "dQw4w9WgXcQ:APA91b"),
    "DevelopmentToken.token": Words("The bearer token.", "WyJhbm4iLDE3Njk4NjA4MDBd.c2lnbmF0dXJl"),
    "token_kind": Words(
        "`token`, the default: a registration token; `installation_id`: a Firebase installation "
        "id.",
        "token",
    ),
    "type": Words("A URN that contains the code.", "urn:chat:problem:invalid_request"),
    "typing": Words("Whether you are typing; true by default.", True),
    "uncounted": Words(
        "The `seq` of deleted messages, which never count as unread: the latest 500 ranges "
        "`[from, to]`, both inclusive, ascending.",
        [[7, 7], [30, 34]],
    ),
    "unread_count": Words(
        "The number of messages that you have not read: `seq` − `read_seq`, less the `uncounted` "
        "ones above `read_seq`.",
        1,
    ),
    "unread_total": Words("The number of unread messages in your 1,000 latest conversations.", 7),
    "updated_at": Words("When it last changed, by the store's clock.", _AT),
    "user_id": Words("The id of the person, as in their token.", "ann"),
    "user_ids": Words("The ids of people.", ["bob", "cid"]),
    "ReactionSummary.user_ids": Words("The ids of up to ten of these people.", ["bob"]),
    "verdict": Words(
        "`sent`, `dropped`, `failed`, or `pending` while nothing is decided. Also `pending` if a "
        "person with `private_reading` got no push because they had read the message.",
        "sent",
    ),
    "version": Words(
        "The number of durable changes of the conversation: 1, 2, 3… without gaps. For a message: "
        "the number of its latest change.",
        57,
    ),
    "visible_from": Words(
        "The `seq` of the first message that you may see: 1, unless `history` was `since_joining` "
        "when you were added.",
        1,
    ),
    "written_at": Words(
        "When the text was written; null if it was replaced in the commit that wrote it.", _AT
    ),
    "width": Words("The width of the image in pixels; null for other files.", 1_024),
}

TAGS = {
    "me": "Your identity, your settings, your sign-ins.",
    "conversations": "Direct and group conversations, and your own settings in them.",
    "participants": "The people of a group and their roles; names and pictures.",
    "messages": "Sending, reading, editing and deleting messages; changes; notifications.",
    "receipts": "How far each participant has read and received.",
    "presence": "Who is online, and who is typing.",
    "attachments": "Files in messages.",
    "devices": "Your devices for notifications.",
    "moderation": "Blocking people and reporting messages.",
    "personal data": "Exporting and erasing people, for service accounts.",
    "development": "For development only.",
}
