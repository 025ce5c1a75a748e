"""The table of interventions: what operators and services do, and what goes wrong between the
instances. Add what moderation and sweeps do.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from messaging.changes.interventions import ExpireMessage
from messaging.domain.exceptions import MessagingError
from messaging.domain.participant import Role
from messaging.services.operators import conversations as operators
from tests.erasures import erase_person
from tests.fuzz.agreement import services
from tests.fuzz.agreement.scene import Scene
from tests.fuzz.agreement.services import BY_SERVICES
from tests.fuzz.agreement.sites import Site

Intervention = Callable[[Site, Scene, int], Awaitable[None]]


async def _redact(site: Site, scene: Scene, number: int) -> None:
    await operators.redact_message(
        site.instance, conversation_id=scene.id, message_id=scene.message(number)
    )


async def _expire(site: Site, scene: Scene, number: int) -> None:
    """As a run of retention does it."""
    change = ExpireMessage(message_id=scene.message(number))
    await site.instance.writer.submit(scene.id, change)


async def _erase(site: Site, scene: Scene, number: int) -> None:
    """Erase a person, whose clients are signed out. They may sign in again afterwards."""
    person = scene.anybody(number)
    scene.erased.add(person)
    await erase_person(site.instance, site.jobs, person)


async def _set_frozen(site: Site, scene: Scene, _: int, *, frozen: bool) -> None:
    await operators.set_frozen(site.instance, conversation_id=scene.id, frozen=frozen)


async def _expel(site: Site, scene: Scene, number: int) -> None:
    await operators.expel_participant(
        site.instance, conversation_id=scene.id, participant_id=scene.person(number)
    )


async def _assign(site: Site, scene: Scene, number: int) -> None:
    await operators.assign_role(
        site.instance,
        conversation_id=scene.id,
        participant_id=scene.person(number),
        role=list(Role)[number % len(Role)],
    )


async def _close_down(site: Site, scene: Scene, number: int) -> None:
    """Delete the conversation, in one of eight cases: nothing happens there afterwards."""
    if number % 8 == 0:
        await operators.delete_conversation(site.instance, conversation_id=scene.id)


async def _lose(site: Site, _: Scene, number: int) -> None:
    """Lose the next commits that this instance publishes. The others have to notice, and to fill
    the gap from the store."""
    site.losses.remaining = 1 + number % 3


async def _by_service(site: Site, scene: Scene, number: int, *, act: services.Intervention) -> None:
    await act(site.instance, scene, number)


INTERVENTIONS: Mapping[str, Intervention] = {
    "redact": _redact,
    "expire": _expire,
    "erase": _erase,
    "freeze": partial(_set_frozen, frozen=True),
    "unfreeze": partial(_set_frozen, frozen=False),
    "expel": _expel,
    "assign": _assign,
    "close down": _close_down,
    "lose": _lose,
    **{name: partial(_by_service, act=act) for name, act in BY_SERVICES.items()},
}


async def intervene(name: str, site: Site, scene: Scene, number: int) -> None:
    try:
        await INTERVENTIONS[name](site, scene, number)
    except MessagingError:
        return  # refused
