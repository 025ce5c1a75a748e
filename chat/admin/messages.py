"""Messages of a conversation, for operators who have given a reason; and redacting."""

import json
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import msgspec
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe

from chat.admin.base import (
    StoreModelAdmin,
    Table,
    addresses_of,
    excerpt,
    file_link,
    link,
)
from chat.admin.bridge import on_loop
from chat.admin.confirmed_actions import act
from chat.admin.conversations import ConversationAdmin
from chat.admin.lists import AFTER, Found, Wanted, signed
from chat.admin.looking import LookForm, may_look, note_look
from chat.admin.names import named, names_of, person_link
from chat.admin.personal_data.noting import note
from chat.models import Conversation, Message, Names
from chat.state import instance_of
from messaging.domain.graphemes import shortened
from messaging.domain.identifiers import is_stored_id
from messaging.domain.message import Attachment
from messaging.domain.message import Message as StoredMessage
from messaging.runtime.instance import Instance
from messaging.services.operators import conversations

_SCOPE = "conversation"
_MAX_SHOWN = 160
"""Characters of a text in a cell of the list."""


@act(
    "Redact",
    permission="redact",
    consequence="The text and the files are deleted for everyone, immediately and permanently. A "
    "deleted message remains.",
    final=True,
)
async def redact(instance: Instance, message: Message, *, by: str) -> None:
    conversation_id, message_id = message.pk.split(".")
    await conversations.redact_message(
        instance, conversation_id=conversation_id, message_id=message_id
    )


@admin.register(Message)
class MessageAdmin(StoreModelAdmin):
    list_display = ("seq", "sent_by", "shown", "files", "reacted", "created_at", "state")
    list_display_links = ("seq",)
    fields = (
        "conversation_link",
        "seq",
        "kind",
        "event",
        "sender_link",
        "text",
        "metadata",
        "reacted",
        "created_at",
        "edited_at",
        "deleted_at",
        "told",
    )
    readonly_fields = (
        *("conversation_link", "kind", "event", "sender_link", "metadata", "reacted", "told"),
    )
    actions = (redact,)
    scope = _SCOPE

    @admin.display(description="text")
    def shown(self, message: Message) -> str:
        """Show what a system message reports, before its text: most have none."""
        text = excerpt(message.text, most=_MAX_SHOWN) if message.text else ""
        if not message.entity.is_system:
            return text
        event, rest = _reported(message.entity)
        return format_html(
            '<em>system</em> <bdi class="chat-said">{}</bdi>{}{}',
            shortened(event, _MAX_SHOWN),
            excerpt(rest, most=_MAX_SHOWN) if rest else "",
            text,
        )

    @admin.display(description="files", empty_value="")
    def files(self, message: Message) -> str:
        """Name the files. Only the page of the message links to them: an address costs a read."""
        lines = ((file_link(one, {}), *_type_and_size(one)) for one in message.entity.attachments)
        return format_html_join(mark_safe("<br>"), "{} · {} · {}", lines)

    @admin.display(description="kind")
    def kind(self, message: Message) -> str:
        return message.entity.kind.value

    @admin.display(description="event")
    def event(self, message: Message) -> str:
        if not message.entity.is_system:
            return "–"
        event, _ = _reported(message.entity)
        return format_html("<bdi>{}</bdi>", event)

    @admin.display(description="metadata")
    def metadata(self, message: Message) -> str:
        """Show it as it was given, with its numbers."""
        text = message.entity.metadata
        if text is None:
            return "–"
        indented = msgspec.json.format(text, indent=2)
        return format_html('<pre class="chat-json">{}</pre>', indented)

    @admin.display(description="reactions", empty_value="")
    def reacted(self, message: Message) -> str:
        return " · ".join(
            f"{emoji} {summary.count}" for emoji, summary in message.entity.reactions.items()
        )

    @admin.display(description="state")
    def state(self, message: Message) -> str:
        if message.deleted_at is not None:
            return "deleted"
        return "edited" if message.edited_at is not None else ""

    @admin.display(description="conversation")
    def conversation_link(self, message: Message) -> str:
        messages = reverse("admin:chat_message_changelist")
        middle = message.seq + self.list_per_page // 2 + 1
        around = {_SCOPE: message.conversation, AFTER: signed(middle)}
        return format_html(
            '{} · <a href="{}?{}">Messages around it</a> · <a href="{}?{}">Latest messages</a>',
            link("conversation", message.conversation),
            *(messages, urlencode(around)),
            *(messages, urlencode({_SCOPE: message.conversation})),
        )

    @admin.display(description="sender")
    def sent_by(self, message: Message) -> str:
        return named(message.sender, message.names)

    @admin.display(description="sender")
    def sender_link(self, message: Message) -> str:
        return person_link(message.sender, message.names)

    @admin.display(description="notifications")
    def told(self, message: Message) -> str:
        return link("notification", message.pk, "Who was notified, and who was not, and why")

    def unavailable_actions(self, row: Any) -> set[str]:
        return set() if row.deleted_at is None else {"redact"}

    def has_redact_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("chat.redact_message")

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Return False: there is no list of the messages of all conversations."""
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        conversation_id = request.GET.get(_SCOPE, "")
        if not is_stored_id(conversation_id):
            return HttpResponseRedirect(reverse("admin:chat_conversation_changelist"))
        asking = self._asking(request, conversation_id)
        if asking is not None:
            return asking
        response = super().changelist_view(request, {"title": f"Messages of {conversation_id}"})
        if request.method == "GET" and response.status_code == HTTPStatus.OK:
            note(request, "messages.viewed", Conversation(id=conversation_id))
        return response

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        conversation_id = (object_id or "").partition(".")[0]
        return self._asking(request, conversation_id) or super().changeform_view(
            request, object_id, form_url, extra_context
        )

    def list_url(self, request: HttpRequest) -> str:
        assert request.resolver_match is not None
        conversation_id, _, _ = request.resolver_match.kwargs["object_id"].partition(".")
        return f"{super().list_url(request)}?{_SCOPE}={conversation_id}"

    def _asking(self, request: HttpRequest, conversation_id: str) -> Any:
        """Return the page that asks for a reason, or None if the operator has given one."""
        if not self.has_view_permission(request) or may_look(request, conversation_id):
            return None

        def answer() -> Any:
            finder = self.admin_site.get_model_admin(Conversation)
            assert isinstance(finder, ConversationAdmin)
            conversation = on_loop(finder.find_row)(instance_of(request), conversation_id)
            if conversation is None:
                raise Http404
            asked = "look" in request.POST
            form = LookForm(request.POST if asked else None)
            if asked and form.is_valid():
                note_look(request, conversation, form.cleaned_data["reason"])
                return HttpResponseRedirect(request.get_full_path())
            context = {
                **self.admin_site.each_context(request),
                "title": f"Read the messages of {conversation}?",
                "opts": self.opts,
                "conversation": conversation,
                "form": form,
                "media": self.media,
            }
            return TemplateResponse(request, "admin/chat/look.html", context)

        return self._answer(request, answer)

    async def list_rows(self, instance: Instance, wanted: Wanted) -> Found:
        store = instance.store
        conversation_id = wanted.filters[_SCOPE] or ""
        if wanted.after is None:
            found = await store.list_latest_messages(conversation_id, limit=wanted.limit)
        else:
            found = await store.list_messages(
                conversation_id,
                first_seq=max(wanted.after - wanted.limit, 1),
                last_seq=wanted.after - 1,
            )
        more = bool(found) and found[0].seq > 1
        names = await names_of(instance, (message.sender_id for message in found))
        return Found(
            rows=[_row(message, names) for message in reversed(found)],
            next=found[0].seq if more else None,
        )

    async def list_tables(self, instance: Instance, row: Any) -> list[Table]:
        texts = row.earlier.texts() if row.deleted_at is None else ()
        return [
            await _files(instance, row.entity),
            Table(
                title="Earlier texts",
                headings=("Text", "Written"),
                rows=[(one.text, one.written_at) for one in reversed(texts)],
                empty="The text was never edited, or the message is deleted.",
            ),
        ]

    async def find_row(self, instance: Instance, key: str) -> Message | None:
        conversation_id, _, message_id = key.partition(".")
        if not (is_stored_id(conversation_id) and is_stored_id(message_id)):
            return None
        found = await instance.store.get_edited(conversation_id, [message_id])
        if message_id not in found:
            return None
        message, earlier = found[message_id]
        row = _row(message, await names_of(instance, [message.sender_id]))
        row.earlier = earlier
        return row


def _row(message: StoredMessage, names: Names) -> Message:
    row = Message(
        id=f"{message.conversation_id}.{message.id}",
        conversation=message.conversation_id,
        seq=message.seq,
        sender=message.sender_id,
        text=message.text or "",
        created_at=message.created_at,
        edited_at=message.edited_at,
        deleted_at=message.deleted_at,
    )
    row.names, row.entity = names, message
    return row


async def _files(instance: Instance, message: StoredMessage) -> Table:
    """Return the files of a message, each with a link if it is still there and the storage
    answers."""
    addresses = await addresses_of(instance, message.attachments)
    return Table(
        title="Files",
        headings=("File", "Type", "Size"),
        rows=[(file_link(one, addresses), *_type_and_size(one)) for one in message.attachments],
        empty="The message has no files, or is deleted.",
    )


def _type_and_size(attachment: Attachment) -> tuple[str, str]:
    return attachment.content_type, filesizeformat(attachment.size)


def _reported(message: StoredMessage) -> tuple[str, str]:
    """Return the event that a system message reports, and the rest of its metadata as text."""
    rest = json.loads(message.metadata or "{}")
    event = str(rest.pop("event", ""))
    return event, json.dumps(rest, ensure_ascii=False) if rest else ""
