"""The chat, as the back end of the site uses it: with the token of a service account.

Requests with a `client_id` may be repeated: a repeat returns what the first one created.
"""

from typing import Any

import httpx
from django.conf import settings
from django.contrib.auth.models import User

SUPPORT = "support"
_SECONDS = 5.0


def user_id(user: User) -> str:
    """Return the id of a user of the site in the chat. It never changes, unlike a name. Those who
    work for the site are one person there."""
    return SUPPORT if user.is_staff else f"customer-{user.pk}"


def token_for(user: User) -> str:
    """Return a token of the chat for the browser of a signed-in user.

    The chat runs with `CHAT_AUTH=dev`. In production, return
    `firebase_admin.auth.create_custom_token(user_id(user))` instead.
    """
    body = {"user_id": user_id(user), "expires_in": 3600}
    return str(_call("POST", "/dev/tokens", body)["token"])


def name_user(user: User) -> None:
    _call("PUT", f"/users/{user_id(user)}", {"name": user.get_username()})


def create_conversation(owner: User, *, title: str, client_id: str) -> str:
    """Return the id of a conversation of a customer and the support."""
    conversation = _call(
        "POST",
        "/conversations",
        {
            "kind": "group",
            "owner_id": user_id(owner),
            "participant_ids": [SUPPORT],
            "title": title,
            "client_id": client_id,
        },
    )
    return str(conversation["id"])


def send_text(conversation_id: str, text: str, *, client_id: str) -> None:
    path = f"/conversations/{conversation_id}/messages"
    _call("POST", path, {"text": text, "client_id": client_id})


def send_event(conversation_id: str, event: str, *, client_id: str, **details: Any) -> None:
    """Send a system message. Clients show it by its `metadata`."""
    path = f"/conversations/{conversation_id}/messages"
    metadata = {"event": event, **details}
    _call(
        "POST", path, {"text": "", "kind": "system", "metadata": metadata, "client_id": client_id}
    )


def count_unread(user: User) -> int:
    """Return the unread messages of a user, for a number on each page. The request is made on
    behalf of the user; it does not make them appear online."""
    page = _call("GET", "/conversations", act_as=user_id(user))
    return sum(conversation["unread_count"] for conversation in page["items"])


def _call(method: str, path: str, body: Any = None, *, act_as: str | None = None) -> Any:
    headers = {"Authorization": f"Bearer {settings.CHAT_TOKEN}"}
    if act_as is not None:
        headers["Chat-Act-As"] = act_as
    answer = httpx.request(
        method,
        f"{settings.CHAT_URL}/api/v1{path}",
        json=body,
        headers=headers,
        timeout=_SECONDS,
    )
    answer.raise_for_status()
    return answer.json()
