"""Every path, method and command of the product is in a table of the proof, and every event is
known to its clients. A new one must be added there."""

from collections.abc import Iterator

from django.urls import URLResolver, get_resolver, resolve

from chat.rest.views.base import APIView
from chat.socket.commands import COMMANDS
from messaging.wire.events import EventType
from tests.fuzz.agreement import acts, doors, held, mirror
from tests.fuzz.agreement.scene import NOWHERE, Command, Scene

_PREFIX = "api/v1/"
_METHODS = ("get", "post", "put", "patch", "delete")


def _operations() -> set[str]:
    """The methods and paths of the API that people may use."""
    (api,) = (one for one in _resolvers(get_resolver()) if str(one.pattern) == _PREFIX)
    return {
        f"{method.upper()} {one.pattern}"
        for one in api.url_patterns
        for method in _METHODS
        if _is_for_people(getattr(one.callback, "view_class", APIView), method)
    }


def _is_for_people(view: type[APIView], method: str) -> bool:
    return hasattr(view, method) and method.upper() not in view.service_only


def _resolvers(resolver: URLResolver) -> Iterator[URLResolver]:
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            yield one
            yield from _resolvers(one)


def _operation(method: str, path: str, scene: Scene) -> str:
    """The method and path of a request."""
    path = doors.full_path(path, scene).partition("?")[0]
    return f"{method} {resolve(f'/{_PREFIX}{path[1:]}').route.removeprefix(_PREFIX)}"


def _acts(scene: Scene) -> Iterator[acts.Act]:
    return (make(scene, number) for make in acts.ACTS.values() for number in range(2))


def test_every_operation_is_tried() -> None:
    """What changes something is an act, what only reads is a door, or a table says why not."""
    scene = Scene(NOWHERE, ["ann", "bob"])
    tried = {
        *(_operation("GET", path, scene) for path in doors.LISTS.values()),
        *(_operation(one.method, one.path, scene) for one in doors.ABOUT_ONE.values()),
        *(
            _operation(one.method, one.path, scene)
            for one in _acts(scene)
            if not isinstance(one, Command)
        ),
    }
    named = acts.NO_ACTS | doors.WITHOUT_MESSAGES | doors.EXAMINED_ELSEWHERE
    assert tried | named == _operations()


def test_every_command_is_tried() -> None:
    scene = Scene(NOWHERE, ["ann", "bob"])
    tried = {one.type for one in _acts(scene) if isinstance(one, Command)}
    assert tried >= {one.type for one in doors.COMMANDS_ABOUT_ONE.values()}
    assert tried | acts.NO_ACT_COMMANDS == COMMANDS.keys()


def test_every_event_is_known() -> None:
    applied = held.MESSAGES | held.PEOPLE | held.CONVERSATION | held.OWN
    assert applied | mirror.SESSION == {kind.value for kind in EventType}
