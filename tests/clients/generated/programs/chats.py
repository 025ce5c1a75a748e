"""Chats by the package `chat_rest`, which openapi-python-client generates. Arguments: the URL of a
server. Prints what the test looks at."""

import json
import sys
from datetime import UTC, datetime
from uuid import uuid4

from chat_rest.api.conversations import (
    create_conversation,
    get_conversation,
    update_conversation_preferences,
)
from chat_rest.api.development import create_development_token
from chat_rest.api.messages import add_reaction, list_messages, send_message
from chat_rest.api.receipts import mark_read
from chat_rest.client import AuthenticatedClient, Client
from chat_rest.models import (
    Conversation,
    ConversationWithAdded,
    CreateConversationRequest,
    CreateDevelopmentTokenRequest,
    DevelopmentToken,
    KindEnum,
    MarkReadRequest,
    MessagePage,
    OwnMessage,
    Preferences,
    Problem,
    ReadReceipt,
    SendMessageRequest,
    SendMessageRequestMetadataType0,
    UpdatePreferencesRequest,
)

UNTIL = datetime(2030, 1, 31, 12, tzinfo=UTC)


def main(url: str) -> None:
    ann = _signed_in(url, "ann")
    group = create_conversation.sync(
        client=ann,
        body=CreateConversationRequest(
            kind=KindEnum.GROUP, participant_ids=["bob"], title="Tea", client_id=uuid4().hex
        ),
    )
    assert isinstance(group, (Conversation, ConversationWithAdded)), group
    assert group.last_message is None

    metadata = SendMessageRequestMetadataType0.from_dict({"topic": "tea"})
    body = SendMessageRequest(text="Tea?", client_id="1", mentions=["bob"], metadata=metadata)
    first = send_message.sync_detailed(group.id, client=ann, body=body)
    again = send_message.sync_detailed(group.id, client=ann, body=body)
    sent = first.parsed
    assert isinstance(sent, OwnMessage), sent
    assert sent == again.parsed
    reacted = add_reaction.sync(group.id, sent.id, "👍", client=ann)
    assert isinstance(reacted, OwnMessage), reacted

    bob = _signed_in(url, "bob")
    page = list_messages.sync(group.id, client=bob, around=1, limit=10)
    assert isinstance(page, MessagePage), page
    read = mark_read.sync(group.id, client=bob, body=MarkReadRequest(seq=1))
    assert isinstance(read, ReadReceipt), read
    muted = update_conversation_preferences.sync(
        group.id, client=bob, body=UpdatePreferencesRequest(muted_until=UNTIL)
    )
    assert isinstance(muted, Preferences), muted
    missing = get_conversation.sync("q2m6v5b4x3n7k8j9h0g1f2d3s4", client=bob)
    assert isinstance(missing, Problem), missing

    found = {
        "conversation_id": group.id,
        "statuses": [first.status_code, again.status_code],
        "texts": [one.text for one in page.items],
        "reactions": reacted.my_reactions,
        "unread_count": read.unread_count,
        "is_muted": muted.muted_until == UNTIL,
        "refused": [missing.status, missing.code],
    }
    print(json.dumps(found))


def _signed_in(url: str, user_id: str) -> AuthenticatedClient:
    made = create_development_token.sync(
        client=Client(url), body=CreateDevelopmentTokenRequest(user_id=user_id)
    )
    assert isinstance(made, DevelopmentToken), made
    return AuthenticatedClient(url, made.token)


if __name__ == "__main__":
    main(sys.argv[1])
