"""People whom a loaded file names are found by exports and erasures."""

from collections.abc import Callable
from dataclasses import replace
from itertools import chain
from uuid import uuid4

import orjson

from messaging.domain.conversation import ConversationKind
from messaging.domain.identifiers import random_id
from messaging.domain.message import MessageKind, PersonReactions, ReactionSummary
from messaging.domain.participant import Participant, Role
from messaging.exchange.lines import encode
from messaging.exchange.records import ConversationEnd, End, FullMessage, Header, Record
from messaging.personal_data.runner import Jobs
from messaging.runtime.instance import Instance
from tests.integration.chat import Api
from tests.integration.personal_data.conftest import everywhere
from tests.integration.personal_data.test_erasure import erase
from tests.integration.stores.exchange.chats import dumped, loaded
from tests.integration.stores.exchange.small_files import AT, DIRECT, messages_of

MakeApi = Callable[[str], Api]


def foreign_file(tag: str) -> tuple[bytes, dict[str, str]]:
    """A file of another program, without a position: one message of each of three people. All
    others are only named: one by a reaction, one by a mention, one by a system message. Return the
    user ids by what names them too."""
    names = ("member", "author", "reactor", "mentioned", "reported")
    people = {name: f"{name}.{tag}" for name in names}
    member = Participant(user_id=people["member"], role=Role.OWNER, joined_version=0)
    group = replace(
        DIRECT,
        id=random_id(),
        kind=ConversationKind.GROUP,
        participants={member.user_id: member},
    )
    conversation, full = messages_of(group, ["of the author", "of the member", ""])
    author, own, report = (one.message for one in full)
    emojis = PersonReactions(message_id=own.id, user_id=people["reactor"], emojis=("tea",))
    full = [
        replace(full[0], message=replace(author, sender_id=people["author"])),
        FullMessage(
            message=replace(
                own,
                sender_id=member.user_id,
                mentions=(people["mentioned"],),
                reactions={"tea": ReactionSummary(count=1, user_ids=(people["reactor"],))},
            ),
            reactions=(emojis,),
        ),
        FullMessage(
            message=replace(
                report,
                sender_id="service:system",
                kind=MessageKind.SYSTEM,
                metadata=orjson.dumps(
                    {"event": "participant_added", "user_ids": [people["reported"]], "by": None}
                ).decode(),
            )
        ),
    ]
    records: list[Record] = [
        Header(made_at=AT, id=f"file-{tag}"),
        replace(conversation, sent_seq={member.user_id: 2}),
        *full,
        ConversationEnd(conversation_id=group.id, messages=len(full)),
    ]
    lines = map(encode, chain(records, [End(records=len(records))]))
    return b"".join(lines), people


@everywhere
async def test_everyone_whom_a_foreign_file_names_is_erased(
    instance: Instance, jobs: Jobs, api: MakeApi
) -> None:
    """A file of another program may have no read positions, by which erasures find people."""
    file, people = foreign_file(uuid4().hex[:10])
    await loaded(file, instance.stores)
    before = await conversations_of(instance)
    assert all(user_id.encode() in before for user_id in people.values())

    for user_id in people.values():
        done = await erase(instance, jobs, user_id)
        assert done.counts["conversations"] == 1

    left = await conversations_of(instance)
    assert b"of the author" not in left
    assert [user_id for user_id in people.values() if user_id.encode() in left] == []


async def conversations_of(instance: Instance) -> bytes:
    """What a dump has besides people: their sign-ins stay revoked for a day."""
    lines = (await dumped(instance.stores)).splitlines()
    return b"\n".join(line for line in lines if b'"record":"person"' not in line)
