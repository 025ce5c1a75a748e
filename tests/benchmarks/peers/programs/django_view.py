"""A bare asynchronous Django view with the two statements of a send: INSERT and UPDATE."""

import json
import os
from typing import Any
from urllib.parse import urlsplit

import django
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest, JsonResponse
from django.urls import path

_url = urlsplit(os.environ["POSTGRES_URL"])

settings.configure(
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    SECRET_KEY="of a benchmark",
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": _url.hostname,
            "PORT": _url.port,
            "USER": _url.username,
            "NAME": _url.path.lstrip("/"),
            "CONN_MAX_AGE": None,
        }
    },
)
django.setup()

_TABLES = """
CREATE TABLE conversations (id text PRIMARY KEY, seq bigint NOT NULL);
CREATE TABLE messages (
  conversation_id text NOT NULL, seq bigint NOT NULL, sender_id text NOT NULL,
  client_id text NOT NULL, text text NOT NULL, created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (conversation_id, seq))
"""
_UPDATE = """
INSERT INTO conversations VALUES (%s, 1)
  ON CONFLICT (id) DO UPDATE SET seq = conversations.seq + 1 RETURNING seq
"""
_INSERT = """
INSERT INTO messages (conversation_id, seq, sender_id, client_id, text) VALUES (%s, %s, %s, %s, %s)
"""


@sync_to_async
def _store(conversation: str, sender: str, message: dict[str, Any]) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_UPDATE, [conversation])
        (seq,) = cursor.fetchone()
        values = [conversation, seq, sender, message["client_id"], message["text"]]
        cursor.execute(_INSERT, values)
    return int(seq)


async def send(request: HttpRequest) -> JsonResponse:
    message = json.loads(request.body)
    query = request.GET
    seq = await _store(query["conversation"], query["user"], message)
    return JsonResponse({"seq": seq, **message}, status=201)


with connection.cursor() as _cursor:
    _cursor.execute(_TABLES)
connection.close()

urlpatterns = [path("send", send)]

from django.core.asgi import get_asgi_application  # noqa: E402 - after the settings

application = get_asgi_application()
