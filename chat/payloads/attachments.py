"""Attachments in JSON: requests, and answers."""

from collections.abc import Callable
from typing import Any

from rest_framework import serializers

from chat.payloads.fields import StrictCharField, StrictIntegerField, StrictSerializer
from chat.payloads.serializers import MAX_SEQ, PageQuery
from messaging.domain.files.stored_attachment import StoredAttachment
from messaging.services.attachments.downloads import AddressedFile
from messaging.services.attachments.uploads import Announced
from messaging.wire.representations import timestamp

MAX_IDS = 100
_MAX_NAME = 10_000
"""The core has the limit of a name, and a better sentence for it."""

Absolute = Callable[[str], str]
"""Returns the address of a path on the host of the request. Other addresses stay as they are."""


class AnnounceAttachment(StrictSerializer):
    conversation_id = StrictCharField(max_length=128)
    filename = StrictCharField(allow_blank=True, max_length=_MAX_NAME)
    content_type = StrictCharField(max_length=255)
    size = StrictIntegerField(min_value=1, max_value=MAX_SEQ)


class FilesQuery(PageQuery):
    cursor = StrictCharField(required=False)
    ids = StrictCharField(
        required=False, help_text="Ids of attachments, separated by commas; then nothing is paged"
    )

    def validate_ids(self, value: str) -> list[str]:
        ids = value.split(",", MAX_IDS)
        if len(ids) > MAX_IDS:
            raise serializers.ValidationError(f"Name at most {MAX_IDS} ids.", code="max_length")
        return [id_ for id_ in ids if id_]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "ids" in attrs and "cursor" in attrs:
            raise serializers.ValidationError("Use ids or cursor, not both.")
        return attrs


def attachment_data(attachment: StoredAttachment) -> dict[str, Any]:
    return {
        "id": attachment.id,
        "conversation_id": attachment.conversation_id,
        "filename": attachment.filename,
        "content_type": attachment.content_type,
        "size": attachment.size,
        "status": attachment.status.value,
        "width": attachment.width,
        "height": attachment.height,
        "has_thumbnail": attachment.has_thumbnail,
    }


def announced_data(announced: Announced, absolute: Absolute) -> dict[str, Any]:
    upload = announced.upload
    return {
        "attachment": attachment_data(announced.attachment),
        "upload": {
            "method": upload.method,
            "url": absolute(upload.url),
            "headers": dict(upload.headers),
            "expires_at": timestamp(upload.expires_at),
        },
    }


def file_data(file: AddressedFile, absolute: Absolute) -> dict[str, Any]:
    attachment = file.attachment
    return {
        "id": attachment.id,
        "message_id": attachment.message_id,
        "seq": attachment.seq,
        "sender_id": attachment.owner_id,
        "filename": attachment.filename,
        "content_type": attachment.content_type,
        "size": attachment.size,
        "width": attachment.width,
        "height": attachment.height,
        "url": absolute(file.url),
        "thumbnail_url": None if file.thumbnail_url is None else absolute(file.thumbnail_url),
        "expires_at": timestamp(file.expires_at),
    }
