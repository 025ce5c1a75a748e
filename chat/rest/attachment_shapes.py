"""The shapes of answers about attachments, for OpenAPI."""

from typing import Any

from rest_framework import serializers

from messaging.domain.files.stored_attachment import AttachmentStatus

_Shape = serializers.Serializer[Any]


class AttachmentState(_Shape):
    id = serializers.CharField()
    conversation_id = serializers.CharField()
    filename = serializers.CharField()
    content_type = serializers.CharField()
    size = serializers.IntegerField()
    status = serializers.ChoiceField([AttachmentStatus.PENDING.value, AttachmentStatus.READY.value])
    width = serializers.IntegerField(allow_null=True)
    height = serializers.IntegerField(allow_null=True)
    has_thumbnail = serializers.BooleanField()


class Upload(_Shape):
    method = serializers.CharField()
    url = serializers.CharField()
    headers = serializers.DictField(child=serializers.CharField())
    expires_at = serializers.DateTimeField()


class Announced(_Shape):
    attachment = AttachmentState()
    upload = Upload()


class Completed(_Shape):
    attachment = AttachmentState()


class File(_Shape):
    id = serializers.CharField()
    message_id = serializers.CharField()
    seq = serializers.IntegerField()
    sender_id = serializers.CharField()
    filename = serializers.CharField()
    content_type = serializers.CharField()
    size = serializers.IntegerField()
    width = serializers.IntegerField(allow_null=True)
    height = serializers.IntegerField(allow_null=True)
    url = serializers.CharField()
    thumbnail_url = serializers.CharField(allow_null=True)
    expires_at = serializers.DateTimeField()


class FilePage(_Shape):
    items = File(many=True)
    next_cursor = serializers.CharField(allow_null=True)
