"""The source as a whole: the size of its folders and files, and what its modules hold; the tests:
the size of their folders.

A module lives as long as the process, and all instances and applications in it share what the
module holds. So it holds no state, and reads no setting while it is imported.
"""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("config", "chat", "messaging")
MAX_MODULES = 15
MAX_LINES = 320
MAX_TESTS = 20
"""Test modules of one level. A larger folder gets rooms, as the source has them."""

SHARED_BY_LIBRARIES = {
    *("deque", "defaultdict", "OrderedDict", "count", "cycle", "local"),
    *("WeakKeyDictionary", "WeakValueDictionary", "WeakSet", "SimpleNamespace"),
    *("Cache", "LRUCache", "TTLCache", "LFUCache", "FIFOCache", "TLRUCache"),
    *("Lock", "RLock", "Event", "Semaphore", "BoundedSemaphore", "Queue"),
    *("ThreadPoolExecutor", "ProcessPoolExecutor"),
}
"""Classes of the standard library and of cachetools whose objects change."""
EMPTY = {"dict", "list", "set"}
"""Containers that hold nothing at first, so something is put into them later."""
CACHES = {"cache", "lru_cache", "cached_setting"}

OF_THE_PROCESS = {
    # The application and the instance of a server process, and its garbage collector.
    *("config.asgi.application", "config.asgi.collecting"),
    # The descriptors, signals and unsent bytes that all servers of the process have together.
    *("config.servers.connection_bounds._max_connections", "config.servers.uvicorn._reserve"),
    *("config.servers.connection_bounds._reported_at", "config.servers.draining._drains"),
    "config.servers.slow_readers.UNREAD",
    # The memory of all sockets, and the CPU time of the garbage collector.
    *("chat.socket.command_queue._ALL", "chat.socket.waiting_frames._ALL"),
    "chat.socket.waiting_frames._waiting_sockets",
    # The ports that the process has given out.
    "config.development.ports._reserved",
    # Documents and headers that depend on the release and on Django's settings.
    *("chat.pages.published._rendering", "chat.pages.schema._document", "chat.pages.schema._page"),
    "chat.asyncapi.page._document",
    *("chat.cross_origin._without_origin", "chat.rest.openapi.generator._extend"),
    "chat.rest.openapi.generator._extend_view",
    # What functions make of one setting, as Django's settings have it.
    *("chat.limits.throttling.rates_apply", "messaging.domain.limits.get_limits"),
    "chat.middleware._headers",
    # The addresses of proxies' headers, as they are parsed.
    "config.servers.forwarded._parsed",
    # The metrics and the log are of the process, and the outages of Redis are shown in them.
    *("messaging.instruments.metrics_page._renderings", "messaging.redis.client._failing"),
    "messaging.redis.untrusted_values._next_line",
    # So is the tracer.
    "messaging.instruments.tracing.tracer",
    # Names and sessions that vendors' libraries keep for the process.
    "messaging.notifications.push.fcm._app_numbers",
    *("messaging.notifications.queue.sqs._making", "messaging.notifications.queue.sqs._session"),
}
"""What all instances and applications of a process share, and why."""
CONSTANT = {
    # Decoders and forms, which are compiled when they are made.
    *(
        "chat.rest.views.conversations._ADD",
        "chat.rest.views.conversations._CREATE",
        "chat.rest.views.messages._SEND",
        "chat.rest.views.receipts._READ",
    ),
    "chat.socket.commands.TYPED",
    "messaging.stores.firestore.documents.messages._MESSAGES",
    "messaging.delivery.conversation_delta._MESSAGE",
    # Queries, of which each is compiled at its first use.
    *("messaging.stores.database.jobs._DUE", "messaging.stores.database.moderation._CHANGES"),
    *("messaging.stores.database.move_rows._AT_REST", "messaging.stores.database.webhooks._ANY"),
    "messaging.stores.sql.link_notes._CURRENT",
    # Tuples of names.
    *("chat.pages.schema._MEDIA_TYPES", "chat.asyncapi.page._MEDIA_TYPES"),
    # A source without fields, and frozen values: a class of the API has the same name.
    "messaging.stores.firestore.documents.conversions._DEFAULT_PREFERENCES",
    "messaging.notifications.policy._DEFAULT",
    "messaging.stores.firestore.values.ABSENT",
}
"""What does not change, though its class does not say so."""
READ_AT_IMPORT = {"chat.urls", "config.urls"}
"""The paths of a process: Django imports them once, and their settings are the environment's."""


@pytest.fixture(scope="module", name="modules")
def _modules() -> Mapping[str, ast.Module]:
    """The syntax trees of the source, by the name of the module."""
    return {
        ".".join(file.relative_to(ROOT).with_suffix("").parts): ast.parse(file.read_text())
        for package in PACKAGES
        for file in sorted((ROOT / package).rglob("*.py"))
        if "migrations" not in file.parts
    }


def last_name(node: ast.expr) -> str:
    """The last part of a dotted name, without arguments: `OrderedDict` of `c.OrderedDict[int]()`"""
    while isinstance(node, ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def changeable_classes(trees: Mapping[str, ast.Module]) -> set[str]:
    """The classes of the source, except frozen ones, enumerations and exceptions."""
    return {
        node.name
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        and not any(
            isinstance(decorator, ast.Call)
            and any(keyword.arg == "frozen" for keyword in decorator.keywords)
            for decorator in node.decorator_list
        )
    }


def held(tree: ast.Module, changeable: set[str]) -> Iterator[str]:
    """The names of a module that hold something changeable, or that a function sets."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield from node.names
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and any(
            last_name(decorator) in CACHES for decorator in node.decorator_list
        ):
            yield node.name
    in_classes = {
        statement
        for node in at_import(tree)
        if isinstance(node, ast.ClassDef)
        for statement in ast.walk(node)
    }
    for node in at_import(tree):
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        is_attribute = node in in_classes
        if is_attribute and isinstance(node, ast.AnnAssign) and not of_the_class(node):
            continue  # a default of its objects
        # The attributes of a class may describe it, as the fields of a serializer do.
        classes = SHARED_BY_LIBRARIES if is_attribute else changeable | SHARED_BY_LIBRARIES
        is_made = isinstance(node.value, ast.Call) and last_name(node.value) in classes
        if is_made or is_empty(node.value):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))


def of_the_class(node: ast.AnnAssign) -> bool:
    return last_name(node.annotation) == "ClassVar"


def is_empty(value: ast.expr) -> bool:
    """Whether it is a container to put something into: `{}`, `[]`, `dict()`, `list()`, `set()`."""
    if isinstance(value, ast.Call):
        return last_name(value) in EMPTY and not (value.args or value.keywords)
    return (isinstance(value, ast.Dict) and not value.keys) or (
        isinstance(value, ast.List) and not value.elts
    )


def at_import(tree: ast.AST) -> Iterator[ast.AST]:
    """What runs while a module is imported: all but the bodies of its functions."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            arguments = node.args
            for default in (*arguments.defaults, *filter(None, arguments.kw_defaults)):
                yield default
                yield from at_import(default)
            continue
        yield node
        yield from at_import(node)


def reads_a_setting(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return last_name(node.func) == "get_limits"
    return (
        isinstance(node, ast.Attribute)
        and node.attr.isupper()
        and isinstance(node.value, ast.Name)
        and node.value.id == "settings"
    )


def state_of_modules(trees: Mapping[str, ast.Module]) -> set[str]:
    changeable = changeable_classes(trees)
    return {f"{name}.{one}" for name, tree in trees.items() for one in held(tree, changeable)}


def test_no_module_holds_the_state_of_an_instance_or_application(
    modules: Mapping[str, ast.Module],
) -> None:
    """A new name belongs into `Instance` or `ApplicationState`, unless it is the process's."""
    assert state_of_modules(modules) == OF_THE_PROCESS | CONSTANT


@pytest.mark.parametrize(
    "line",
    [
        "held = Turns(places=2)",
        "held: 'LRUCache[str, int]' = cachetools.LRUCache(5)",
        "held = OrderedDict[str, int]()",
        "held: dict[str, int] = {}",
        "held = set()",
        "class Ours:\n    held = WeakKeyDictionary()",
        "if True:\n    held = Turns()",
        "held = None\ndef make():\n    global held",
        "@functools.cache\ndef held(): ...",
        "@lru_cache(maxsize=5)\ndef held(): ...",
    ],
)
def test_state_is_found(line: str) -> None:
    trees = {"ours": ast.parse(f"class Turns: ...\n{line}")}
    assert state_of_modules(trees) == {"ours.held"}


@pytest.mark.parametrize(
    "line",
    [
        *("held = Rate(5)", "held = {'a': 1}", "held = 5", "held = dict(a=1)"),
        *("def make():\n    held = Turns()", "class Shown:\n    field = Turns()"),
    ],
)
def test_a_constant_is_no_state(line: str) -> None:
    frozen = "@dataclass(frozen=True)\nclass Rate: ...\nclass Turns: ..."
    assert state_of_modules({"ours": ast.parse(f"{frozen}\n{line}")}) == set()


def test_no_module_reads_a_setting_at_import(modules: Mapping[str, ast.Module]) -> None:
    """Each test has its own settings, and a part reads them when it is made or used."""
    found = {
        name for name, tree in modules.items() for node in at_import(tree) if reads_a_setting(node)
    }
    assert found == READ_AT_IMPORT


def test_no_folder_and_no_file_is_too_large() -> None:
    folders = {folder for package in PACKAGES for folder in (ROOT / package).rglob("*/")}
    large = {
        str(folder.relative_to(ROOT))
        for folder in folders
        if "migrations" not in folder.parts
        and sum(file.stem != "__init__" for file in folder.glob("*.py")) > MAX_MODULES
    }
    long = {
        str(file.relative_to(ROOT))
        for package in PACKAGES
        for file in (ROOT / package).rglob("*.py")
        if len(file.read_text().splitlines()) > MAX_LINES
    }
    assert (large, long) == (set(), set())


def test_no_folder_of_tests_is_too_large() -> None:
    tests = ROOT / "tests"
    large = {
        str(folder.relative_to(ROOT)): found
        for folder in (tests, *tests.rglob("*/"))
        if (found := sum(1 for _ in folder.glob("test_*.py"))) > MAX_TESTS
    }
    assert large == {}
