"""A person who leaves data in every place that keeps some."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from asgiref.sync import sync_to_async
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType

from chat.models import Person
from messaging.domain.personal_data.audit import Actor, ActorKind, AuditEntry
from messaging.domain.recipients import Decision, Verdict
from messaging.domain.reports import ReportStatus
from messaging.models import ServiceActionRecord, WebhookDeliveryRecord, WebhookEndpointRecord
from messaging.runtime.instance import Instance
from messaging.services.operators.conversations import delete_conversation
from messaging.stores.database.audit import AuditTrail
from messaging.stores.decisions import ChunkKey
from tests.integration.chat import Api, ok
from tests.integration.chat.rest.files import PDF, announce, attach


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    eve: Api
    """The person."""
    ann: Api
    bob: Api
    mark: str
    """It is in all texts and names of the person, and not in the user id."""
    group: str
    left: str
    alone: str
    direct: str
    message: str
    """One of hers in the group."""
    theirs: str
    """One of Ann's in the group, to which she has reacted."""


async def plant(instance: Instance, api: Callable[[str], Api]) -> World:
    """Let a person leave data everywhere."""
    tag = uuid4().hex[:10]
    eve, ann, bob = (api(f"{name}.{tag}") for name in ("eve", "ann", "bob"))
    mark = f"zebra{tag}"
    await ok_put(eve, "/me", name=f"Eve {mark}")
    await eve.put("/devices/phone", token=f"token-{mark}", token_kind="token", platform="android")
    await eve.patch("/me/preferences", push_text=False, private_reading=True)
    made = await ann.post(
        "/conversations",
        kind="group",
        participant_ids=[eve.user_id, bob.user_id],
        title="Tea",
        system_messages=True,
    )
    group = made.json()["id"]
    left = await bob.group(ann, eve)
    alone = await eve.group(title=f"Mine {mark}")
    direct = await eve.direct(ann)
    file = await attach(eve, group, PDF + mark.encode(), filename=f"{mark}.pdf")
    await announce(eve, group, PDF, filename=f"unsent-{mark}.pdf")
    first = await eve.send(group, f"hello {mark}", client_id=f"c-{tag}", attachments=[file["id"]])
    edited = await eve.send(group, f"early {mark}")
    await eve.patch(f"/conversations/{group}/messages/{edited['id']}", text=f"late {mark}")
    gone = await eve.send(group, f"gone {mark}")
    await eve.delete(f"/conversations/{group}/messages/{gone['id']}")
    theirs = await ann.send(group, "of Ann", mentions=[eve.user_id])
    for who in (eve, bob):
        await who.put(f"/conversations/{group}/messages/{theirs['id']}/reactions/tea")
    for who, emoji in ((bob, "tea"), (bob, "heart"), (eve, "tea")):
        await who.put(f"/conversations/{group}/messages/{first['id']}/reactions/{emoji}")
    await ann.put(f"/conversations/{group}/messages/{first['id']}/pin")
    await eve.patch(f"/conversations/{group}/preferences", notify="mentions", pinned=True)
    await eve.post(f"/conversations/{group}/read", seq=theirs["seq"])
    await eve.send(left, f"bye {mark}")
    await eve.delete(f"/conversations/{left}/participants/me")
    await eve.send(alone, f"alone {mark}")
    await eve.send(direct, f"direct {mark}")
    await ann.send(direct, "answer")
    await eve.put(f"/blocks/{bob.user_id}")
    founded = await eve.post(
        "/conversations",
        kind="group",
        participant_ids=[ann.user_id],
        title=f"Deleted {mark}",
        metadata={"mark": mark},
    )
    deleted = founded.json()["id"]
    mentioning = await ann.send(deleted, "of Ann", mentions=[eve.user_id])
    await eve.send(deleted, f"last {mark}")
    await _decided(instance, deleted, mentioning["id"], eve.user_id)
    await delete_conversation(instance, conversation_id=deleted)
    await _report(instance, ann, group, first["id"], close=False)
    await _report(instance, bob, group, edited["id"], close=True)
    await _report(instance, eve, group, theirs["id"], close=True, reason=f"why {mark}")
    await _plant_decision(instance, group, theirs["id"], eve.user_id)
    await AuditTrail(instance.database).record(
        AuditEntry(
            actor=Actor(kind=ActorKind.OPERATOR, name="root"),
            action="person.viewed",
            person_id=eve.user_id,
        )
    )
    await sync_to_async(_plant_rows)(eve.user_id, group)
    return World(
        eve=eve,
        ann=ann,
        bob=bob,
        mark=mark,
        group=group,
        left=left,
        alone=alone,
        direct=direct,
        message=first["id"],
        theirs=theirs["id"],
    )


async def ok_put(who: Api, path: str, **body: str) -> None:
    ok(await who.patch(path, **body))


async def _report(
    instance: Instance,
    who: Api,
    group: str,
    message_id: str,
    *,
    close: bool,
    reason: str = "foul",
) -> None:
    answer = await who.post("/reports", message_id=message_id, conversation_id=group, reason=reason)
    assert answer.status_code == 201, answer.text
    if close:
        await instance.reports.close_report(answer.json()["id"], ReportStatus.DISMISSED, by="root")


async def _decided(instance: Instance, conversation_id: str, message_id: str, user_id: str) -> None:
    """Wait until it is decided whether a person gets a push for a message."""
    async with asyncio.timeout(20):
        while user_id not in await instance.decisions.list_decisions(conversation_id, message_id):
            await asyncio.sleep(0.02)


async def _plant_decision(
    instance: Instance, conversation_id: str, message_id: str, user_id: str
) -> None:
    now = datetime.now(UTC)
    await instance.decisions.record(
        ChunkKey(conversation_id=conversation_id, message_id=message_id, chunk=7),
        {user_id: Decision(verdict=Verdict.SENT, reason="absent", at=now)},
        expires_at=now + timedelta(days=7),
    )


def _plant_rows(user_id: str, conversation_id: str) -> None:
    now = datetime.now(UTC)
    root, _ = User.objects.get_or_create(username="root")
    LogEntry.objects.create(
        user=root,
        content_type=ContentType.objects.get_for_model(Person),
        object_id=user_id,
        object_repr=user_id,
        action_flag=CHANGE,
        change_message=f"Ban; user: {user_id}; until: never",
    )
    LogEntry.objects.create(
        user=root,
        content_type=ContentType.objects.get_for_model(Person),
        object_id=f"x{user_id}",
        object_repr=f"x{user_id}",
        action_flag=CHANGE,
        change_message="another person",
    )
    ServiceActionRecord.objects.create(
        name="shop",
        token_id="0" * 12,
        at=now,
        method="PUT",
        path=f"/api/v1/users/{user_id}",
        status=200,
        request_id="1",
        person_id=user_id,
    )
    endpoint = WebhookEndpointRecord.objects.create(
        url="https://app.example/hooks", secret="whsec_x", enabled=False
    )
    WebhookDeliveryRecord.objects.create(
        endpoint=endpoint,
        webhook_id=f"evt_{uuid4().hex}",
        type="participant.removed",
        conversation_id=conversation_id,
        detail={"by": user_id, "participants": [{"user_id": user_id}]},
        at=now,
        state="waiting",
        next_at=now + timedelta(hours=1),
        expires_at=now + timedelta(days=1),
    )
