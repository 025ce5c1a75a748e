"""People: their sockets and devices; banning them and logging them out."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format

from chat.admin.base import StoreModelAdmin, Table, excerpt, link
from chat.admin.confirmed_actions import act
from chat.admin.lists import Found, StoreFilter, Wanted, place, read_place
from chat.admin.texts import NoteField
from chat.models import Person
from messaging.changes.profile_rules import MAX_NAME
from messaging.domain.identifiers import is_stored_user_id
from messaging.domain.people import ERASING, FOREVER, Access, Profile
from messaging.domain.personal_data.audit import Actor, ActorKind
from messaging.runtime.instance import Instance
from messaging.services.operators import people as operators_people
from messaging.services.operators import personal_data
from messaging.services.operators.overview import get_overview

_CONVERSATIONS = 25


class BanForm(forms.Form):
    until = forms.DateTimeField(
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text="In UTC. Leave it empty for a permanent ban.",
    )

    def clean_until(self) -> datetime:
        until: datetime = self.cleaned_data["until"] or FOREVER
        if until <= timezone.now():
            raise forms.ValidationError("This time is in the past. Enter a later one.")
        return until


ACCESS_REVOKED = "Their sockets are closed immediately, and all their requests are refused."


@act("Ban", permission="ban", consequence=ACCESS_REVOKED, form=BanForm)
async def ban(instance: Instance, person: Person, *, by: str, until: datetime) -> None:
    await operators_people.ban_person(instance, person_id=person.user_id, until=until)


@act("Lift the ban", permission="ban", consequence="They may sign in again.")
async def unban(instance: Instance, person: Person, *, by: str) -> None:
    await operators_people.unban_person(instance, person_id=person.user_id)


@act(
    "Log out everywhere",
    permission="log_out",
    consequence="Their sockets are closed immediately, and they must sign in again on every "
    "device.",
)
async def log_out(instance: Instance, person: Person, *, by: str) -> None:
    await operators_people.log_out_person(instance, person_id=person.user_id)


class ErasureForm(forms.Form):
    reason = NoteField(
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        help_text="Such as the date of the request. It is kept; do not name the person.",
    )


@act(
    "Erase",
    permission="erase",
    consequence="Their messages become tombstones, and their files, profile, devices and reactions "
    "are deleted. They are kept out until it is done. It begins at once and cannot be undone. "
    "First delete their account where they sign in.",
    form=ErasureForm,
    final=True,
)
async def erase_person(instance: Instance, person: Person, *, by: str, reason: str) -> None:
    await personal_data.erase_user(
        instance,
        person_id=person.user_id,
        by=Actor(kind=ActorKind.OPERATOR, name=by),
        reason=reason,
    )


@act(
    "Export",
    permission="export",
    consequence="A file of what they wrote and set is made. The page of the job links to it "
    "for seven days.",
    form=ErasureForm,
)
async def export_person(instance: Instance, person: Person, *, by: str, reason: str) -> None:
    await personal_data.export_user(
        instance,
        person_id=person.user_id,
        by=Actor(kind=ActorKind.OPERATOR, name=by),
        reason=reason,
    )


class BannedFilter(StoreFilter):
    title = "access"
    parameter_name = "banned"
    label = "Banned"


@admin.register(Person)
class PersonAdmin(StoreModelAdmin):
    list_display = ("user_id", "name", "ban", "logged_out_at")
    fields = ("user_id", "name", "picture", "ban", "logged_out_at")
    readonly_fields = ("name", "picture")
    list_filter = (BannedFilter,)
    search_fields = ("user_id",)
    search_help_text = (
        "The full id of a user. The list has people with a device, a setting, a block or a ban."
    )
    actions = (ban, unban, log_out, export_person, erase_person)

    @admin.display(description="name", empty_value="–")
    def name(self, person: Person) -> str | None:
        name = person.profile.name if person.profile is not None else None
        return excerpt(name, most=MAX_NAME) if name else None

    @admin.display(description="picture", empty_value="–")
    def picture(self, person: Person) -> str | None:
        """Show the address only: the browser of an operator does not load it."""
        return (person.profile.picture or None) if person.profile is not None else None

    @admin.display(description="banned until")
    def ban(self, person: Person) -> str:
        if person.banned_until is None or person.banned_until <= timezone.now():
            return "–"
        if person.banned_until == FOREVER:
            return "for good"
        if person.banned_until == ERASING:
            return "until the erasure is done"
        return date_format(person.banned_until, "DATETIME_FORMAT")

    def unavailable_actions(self, row: Any) -> set[str]:
        return {"unban"} if row.banned_until is None else set()

    def has_ban_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("chat.ban_person")

    def has_erase_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("messaging.add_jobrecord")

    def has_export_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("messaging.add_jobrecord")

    def has_log_out_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("chat.log_out_person")

    async def list_rows(self, instance: Instance, wanted: Wanted) -> Found:
        if wanted.search:
            found = await self.find_row(instance, wanted.search)
            return Found(rows=[] if found is None else [found])
        people: Sequence[Access]
        next_: Any
        if wanted.filters["banned"]:
            people = await instance.catalogue.list_banned(
                limit=wanted.limit, after=read_place(wanted.after)
            )
            next_ = people and place(people[-1].banned_until or FOREVER, people[-1].user_id)
        else:
            people = await instance.catalogue.list_people(
                limit=wanted.limit, after=wanted.after or ""
            )
            next_ = people and people[-1].user_id
        return Found(
            rows=await _rows(instance, people),
            next=next_ if len(people) == wanted.limit else None,
        )

    async def find_row(self, instance: Instance, key: str) -> Person | None:
        """Return a row for any valid user id: people are not created, they just sign in."""
        if not is_stored_user_id(key):
            return None
        (row,) = await _rows(instance, [await instance.people.get_access(key)])
        return row

    async def list_tables(self, instance: Instance, row: Any) -> list[Table]:
        user_id = row.user_id
        seen = await instance.presence.look([user_id])
        acted_at = seen.acted_at.get(user_id)
        recipient = (await instance.recipients.get_recipients([user_id]))[user_id]
        page = await instance.store.list_conversations(user_id, limit=_CONVERSATIONS)
        return [
            Table(
                title="Presence",
                headings=("Connected", "Last active"),
                rows=[
                    (
                        "yes" if user_id in seen.online else "no",
                        "–" if acted_at is None else datetime.fromtimestamp(acted_at, UTC),
                    )
                ],
            ),
            Table(
                title="Sockets",
                headings=("Instance", "Connection", "Signed in", "Token ends", "In use"),
                rows=await _sockets(instance, user_id),
            ),
            Table(
                title="Devices that get pushes",
                headings=("Device", "Platform", "Registered"),
                rows=[
                    (device.id, device.platform.value, device.registered_at)
                    for device in recipient.devices
                ],
            ),
            Table(
                title="Latest conversations",
                headings=("Conversation", "Kind", "People", "Last active in"),
                rows=[
                    (
                        link("conversation", one.id, one.title or one.id),
                        one.kind.value,
                        len(one.participants),
                        one.active_at,
                    )
                    for one in page.conversations
                ],
            ),
        ]


async def _sockets(instance: Instance, user_id: str) -> list[tuple[Any, ...]]:
    """List the person's sockets on this instance, with details. Of the other instances, list
    only the instances to which the person has a socket."""
    own = [
        (
            instance.id,
            one.id,
            one.signed_in_at,
            "–" if one.expires_at is None else one.expires_at,
            "yes" if one.activity.active else "no",
        )
        for one in instance.hub.connections.of(user_id)
    ]
    elsewhere = await instance.presence.elsewhere(user_id)
    names = {one.boot_id: one.instance_id for one in (await get_overview(instance)).processes}
    return own + [
        (names.get(boot_id, boot_id), "one or more", "–", "–", "–") for boot_id in elsewhere
    ]


async def _rows(instance: Instance, people: Sequence[Access]) -> list[Person]:
    profiles = await instance.profiles.get([access.user_id for access in people])
    return [_row(access, profiles[access.user_id]) for access in people]


def _row(access: Access, profile: Profile) -> Person:
    row = Person(
        user_id=access.user_id,
        banned_until=access.banned_until,
        logged_out_at=access.valid_after,
    )
    row.profile = profile
    return row
