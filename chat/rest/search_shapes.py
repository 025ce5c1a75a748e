"""The shapes of the answers of a search, for OpenAPI."""

from typing import Any

from rest_framework import serializers

from chat.rest import responses

_Shape = serializers.Serializer[Any]


class SnippetPart(_Shape):
    text = serializers.CharField()
    match = serializers.BooleanField()


class FoundMessage(_Shape):
    message = responses.OwnMessage()
    snippet = SnippetPart(many=True)


class SearchPage(_Shape):
    items = FoundMessage(many=True)
    next_cursor = serializers.CharField(
        allow_null=True,
        help_text="null at the end; a page may be short, or empty, and have a next one",
    )
