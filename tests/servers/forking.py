"""The process from which `forked` runs its commands.

It imports libraries, reads no setting, and forks for each command that arrives on its standard
input, which is a socket. It knows nothing of ours. If it is asked to, it forks a process that
imports modules of ours too, reads the code of the others without running it, and then does the
same.
"""

import gc
import io
import json
import os
import runpy
import select
import signal
import socket
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType
from typing import Any, NoReturn

_LIBRARIES = (
    *("autobahn.twisted.websocket", "twisted.internet.asyncioreactor"),
    *("twisted.internet.endpoints", "twisted.web.http"),
    *("channels_redis.serializers", "corsheaders.apps", "cryptography.fernet"),
    *("django.contrib.admin.templatetags.admin_list", "django.contrib.admindocs.views"),
    *("django.contrib.auth.apps", "django.contrib.auth.hashers"),
    *("django.contrib.auth.password_validation", "django.contrib.auth.tokens"),
    *("django.contrib.contenttypes.apps", "django.contrib.postgres.fields"),
    *("django.contrib.postgres.operations", "django.contrib.sessions.middleware"),
    *("django.contrib.sites.shortcuts", "django.contrib.staticfiles.apps"),
    *("django.core.management", "django.db.backends.sqlite3.base", "django.test"),
    *("django.views.decorators.http", "drf_spectacular.utils", "environ"),
    *("rest_framework.metadata", "rest_framework.mixins", "rest_framework.negotiation"),
    *("rest_framework.serializers", "servestatic.checks", "servestatic.middleware"),
    *("google.cloud.firestore_v1.async_client", "grpc.aio", "httptools", "httpx", "jinja2"),
    *("jsonschema", "msgspec", "orjson", "prometheus_client", "redis.asyncio", "requests", "rich"),
    *("structlog", "uritemplate", "uvicorn.main", "uvloop", "websockets.server", "yaml"),
)
"""Libraries that commands of ours import. Importing them reads no setting of Django, starts no
thread and installs no reactor of Twisted's. `daphne.server` would install one."""
_MAX_REQUEST_BYTES = 1 << 20


def main() -> None:
    """Serve until the client closes its end. Return only in the process of a command."""
    _import(_LIBRARIES)
    while True:
        request, files = _forked()
        if "imports" not in request:
            break
        (client,) = files
        os.dup2(client, 0)
        os.close(client)
        sys.path.insert(0, request["directory"])
        os.environ.pop("DJANGO_SETTINGS_MODULE", None)  # a module that reads a setting then fails
        sys.meta_path.insert(0, _ReadBefore(request["directory"], request["packages"]))
        _import(request["imports"])
        del sys.path[0]
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    output, errors, status = files
    if command := os.fork():
        for file in (output, errors):
            os.close(file)
        _attend(command, status)
    os.close(status)
    _become(request, output, errors)


def _import(names: Iterable[str]) -> None:
    for name in names:
        import_module(name)
    gc.freeze()  # no collection of a command writes to what all of them share


def _forked() -> tuple[dict[str, Any], Sequence[int]]:
    """Fork for each request. Return it, and its files, in the new process."""
    client = socket.socket(fileno=0)
    while True:
        request, files, _, _ = socket.recv_fds(client, _MAX_REQUEST_BYTES, 3)
        if not request:
            sys.exit()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the new processes
        if os.fork() == 0:
            client.detach()  # it stays open until something else takes its place
            return json.loads(request), files
        for file in files:
            os.close(file)


class _ReadBefore(MetaPathFinder):
    """Finds modules whose code this process has read before it forked."""

    def __init__(self, directory: str, packages: Sequence[str]) -> None:
        self._loaders: dict[str, _Loader] = {}
        for package in packages:
            for file in Path(directory, package).rglob("*.py"):
                parts = file.relative_to(directory).with_suffix("").parts
                name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
                self._loaders[name] = _Loader(name, str(file))

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        loader = self._loaders.get(name)
        return None if loader is None else spec_from_file_location(name, loader.path, loader=loader)


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str) -> None:
        super().__init__(name, path)
        self._code = super().get_code(name)

    def get_code(self, _: str) -> CodeType | None:
        return self._code


def _attend(command: int, status: int) -> NoReturn:
    """Write the id of the process of the command, and its exit status at its end. Kill it and what
    it has started if nobody reads that any more."""
    _lead(command)
    os.write(status, b"%d\n" % command)
    waiting = select.poll()
    waiting.register(ended := os.pidfd_open(command), select.POLLIN)
    waiting.register(status, 0)  # reports POLLERR once the client has closed its end, or has ended
    if ended not in dict(waiting.poll()):
        with suppress(ProcessLookupError):
            os.killpg(command, signal.SIGKILL)
    _, ended_with = os.waitpid(command, 0)
    with suppress(BrokenPipeError):
        os.write(status, b"%d\n" % os.waitstatus_to_exitcode(ended_with))
    os._exit(0)


def _lead(process: int) -> None:
    """Let this process lead a process group. Itself and its parent do so: either may be first."""
    with suppress(OSError):
        os.setpgid(process, process)


def _become(request: dict[str, Any], output: int, errors: int) -> None:
    """Take the streams, the environment and the directory of the command."""
    _lead(os.getpid())
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (errors, 2)):
        os.dup2(source, target)
        os.close(source)
    os.environ.clear()
    os.environ.update(request["environment"])
    if os.environ.get("PYTHONUNBUFFERED"):  # which a new interpreter would read
        sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), write_through=True)
    os.chdir(request["directory"])
    sys.argv = request["arguments"]


def run() -> None:
    """Run what `sys.argv` names, as `python` would with these arguments."""
    option, *rest = sys.argv
    if option == "-c":
        code, *arguments = rest
        sys.argv = [option, *arguments]
        sys.path.insert(0, "")
        exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})
    elif option == "-m":
        module, *arguments = rest
        sys.argv = [module, *arguments]
        sys.path.insert(0, str(Path.cwd()))
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    else:
        sys.path.insert(0, str(Path(option).resolve().parent))
        runpy.run_path(option, run_name="__main__")


if __name__ == "__main__":
    main()
    run()
