"""Conversations: their participants, freezing and deleting. `chat.admin.messages` shows the
messages."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from chat.admin.base import StoreModelAdmin, Table, link
from chat.admin.confirmed_actions import act
from chat.admin.lists import Found, StoreFilter, Wanted, place, read_place
from chat.admin.names import names_of, person_link
from chat.admin.texts import UserIdField
from chat.models import Conversation
from messaging.domain.conversation import Conversation as StoredConversation
from messaging.domain.conversation import ConversationKind
from messaging.domain.identifiers import is_stored_id, is_stored_user_id
from messaging.domain.participant import Role
from messaging.runtime.instance import Instance
from messaging.services.operators import conversations


@act(
    "Freeze",
    permission="freeze",
    consequence="Members can no longer write. In a direct conversation, neither person can.",
)
async def freeze(instance: Instance, conversation: Conversation, *, by: str) -> None:
    await conversations.set_frozen(instance, conversation_id=conversation.id, frozen=True)


@act("Unfreeze", permission="freeze", consequence="Everyone can write again.")
async def unfreeze(instance: Instance, conversation: Conversation, *, by: str) -> None:
    await conversations.set_frozen(instance, conversation_id=conversation.id, frozen=False)


@act(
    "Delete",
    permission="erase",
    consequence="All participants lose access at once, and all messages are deleted. "
    "This cannot be undone.",
    final=True,
)
async def delete(instance: Instance, conversation: Conversation, *, by: str) -> None:
    await conversations.delete_conversation(instance, conversation_id=conversation.id)


class PersonForm(forms.Form):
    user = UserIdField()


class RoleForm(PersonForm):
    role = forms.ChoiceField(choices=[(role.value, role.value) for role in Role])


@act(
    "Remove somebody",
    permission="manage_people",
    consequence="They immediately lose access to the whole conversation.",
    form=PersonForm,
)
async def expel(instance: Instance, conversation: Conversation, *, by: str, user: str) -> None:
    await conversations.expel_participant(
        instance, conversation_id=conversation.id, participant_id=user
    )


@act(
    "Change a role",
    permission="manage_people",
    consequence="Owners and admins may rename a group, add and remove people, and delete messages.",
    form=RoleForm,
)
async def assign_role(
    instance: Instance, conversation: Conversation, *, by: str, user: str, role: str
) -> None:
    await conversations.assign_role(
        instance, conversation_id=conversation.id, participant_id=user, role=Role(role)
    )


class FrozenFilter(StoreFilter):
    title = "state"
    parameter_name = "frozen"
    label = "Frozen"


@admin.register(Conversation)
class ConversationAdmin(StoreModelAdmin):
    list_display = ("__str__", "kind", "people", "messages", "state", "updated_at")
    fields = (
        *("id", "kind", "title", "messages", "version", "state", "created_at", "updated_at"),
        *("inside", "told"),
    )
    readonly_fields = ("inside", "told", "state")
    list_filter = (FrozenFilter,)
    search_fields = ("id",)
    search_help_text = "The id of a conversation, or of a user in it."
    actions = (freeze, unfreeze, delete, expel, assign_role)
    single_object_actions = frozenset({"expel", "assign_role"})

    @admin.display(description="state")
    def state(self, conversation: Conversation) -> str:
        if not conversation.people:
            return "deleted or left"
        return "frozen" if conversation.frozen else "open"

    def unavailable_actions(self, row: Any) -> set[str]:
        if not row.people:
            return {action.__name__ for action in self.actions}
        pointless = {"freeze"} if row.frozen else {"unfreeze"}
        if row.entity.kind is ConversationKind.DIRECT:
            pointless |= {"delete", "expel", "assign_role"}
        return pointless

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        hidden = () if request.user.has_perm("chat.view_message") else ("inside",)
        return [field for field in super().get_fields(request, obj) if field not in hidden]

    @admin.display(description="inside")
    def inside(self, conversation: Conversation) -> str:
        messages = reverse("admin:chat_message_changelist") + f"?conversation={conversation.id}"
        return format_html('<a href="{}">Read the messages</a>', messages)

    @admin.display(description="notifications")
    def told(self, conversation: Conversation) -> str | None:
        last = conversation.entity.last_message
        if last is None:
            return None
        return link(
            "notification", f"{conversation.id}.{last.id}", "Who was notified of the latest message"
        )

    def has_freeze_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("chat.freeze_conversation")

    def has_erase_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("chat.delete_conversation")

    def has_manage_people_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("chat.manage_people_of_conversation")

    async def list_rows(self, instance: Instance, wanted: Wanted) -> Found:
        if wanted.search:
            return await _search(instance, wanted)
        catalogue = instance.catalogue
        found: Sequence[StoredConversation]
        next_: Any
        if wanted.filters["frozen"]:
            found = await catalogue.list_frozen(limit=wanted.limit, after=wanted.after or "")
            next_ = found and found[-1].id
        else:
            found = await catalogue.list_conversations(
                limit=wanted.limit, after=read_place(wanted.after)
            )
            next_ = found and place(found[-1].updated_at, found[-1].id)
        return Found(
            rows=[_row(one) for one in found],
            next=next_ if len(found) == wanted.limit else None,
        )

    async def find_row(self, instance: Instance, key: str) -> Conversation | None:
        if not is_stored_id(key):
            return None
        found = await instance.store.get_conversation(key)
        return None if found is None else _row(found)

    async def list_tables(self, instance: Instance, row: Any) -> list[Table]:
        people = row.entity.participants.values()
        names = await names_of(instance, row.entity.participants)
        return [
            Table(
                title="People",
                headings=("User", "Role", "Since version"),
                rows=[
                    (person_link(one.user_id, names), one.role.value, one.joined_version)
                    for one in people
                ],
                empty="No participants.",
            )
        ]


async def _search(instance: Instance, wanted: Wanted) -> Found:
    store = instance.store
    if wanted.after is None and is_stored_id(wanted.search):
        found = await store.get_conversation(wanted.search)
        if found is not None:
            return Found(rows=[_row(found)])
    if not is_stored_user_id(wanted.search):
        return Found(rows=[])
    page = await store.list_conversations(wanted.search, limit=wanted.limit, cursor=wanted.after)
    return Found(rows=[_row(one) for one in page.conversations], next=page.next_cursor)


def _row(conversation: StoredConversation) -> Conversation:
    row = Conversation(
        id=conversation.id,
        kind=conversation.kind.value,
        title=conversation.title or "",
        people=len(conversation.participants),
        messages=conversation.seq,
        version=conversation.version,
        frozen=conversation.frozen,
        created_at=conversation.created_at,
        updated_at=conversation.updated_at,
    )
    row.entity = conversation
    return row
