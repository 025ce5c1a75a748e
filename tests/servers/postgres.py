"""A temporary PostgreSQL for development and tests, on the loopback address."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from config.development.ports import free_port
from config.development.processes import NotReady, Process
from tests.memory import memory_folder
from tests.shared import folder_made_once, is_shared

_USER = "chat"
_GIB = 4
"""Room in memory for the servers of all processes of a run."""


class PostgresMissing(Exception):
    """There is no PostgreSQL. Install the Debian package postgresql, or put its `initdb` and
    `postgres` on the PATH."""


def require_postgres() -> None:
    """Require an installed PostgreSQL. Raises PostgresMissing."""
    _find("initdb")
    _find("postgres")


@contextmanager
def postgres_server(*, durable: bool = True) -> Iterator[str]:
    """Run a private PostgreSQL, and yield the URL of an empty database. Its files are in memory if
    they need not be durable, and if there is room.

    Raises PostgresMissing, NotReady.
    """
    with new_cluster(in_memory=not durable) as cluster, cluster.run(durable=durable):
        yield cluster.url


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """The files of a server. They outlive its process, and so does its port."""

    directory: Path
    port: int

    @property
    def url(self) -> str:
        return f"postgres://{_USER}@127.0.0.1:{self.port}/postgres"

    @contextmanager
    def run(self, *, durable: bool = True) -> Iterator[Process]:
        """Run the server on these files while the context is open. Raises NotReady."""
        command: list[str | Path] = [*_as_owner(), _find("postgres"), "-D", self.directory]
        command += ["-p", str(self.port)]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
        command += [] if durable else ["-c", "fsync=off"]
        with Process(command, ready=self._answers, directory=self.directory) as process:
            try:
                yield process
            finally:
                # SIGINT ends the connections; SIGTERM would wait for their end.
                process.send_signal(signal.SIGINT)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def new_cluster(*, in_memory: bool = False) -> Iterator[Cluster]:
    """Yield the files of an empty server, and delete them afterwards. Raises PostgresMissing,
    NotReady."""
    _find("initdb")
    with tempfile.TemporaryDirectory(
        prefix="chat-postgres-",
        dir=memory_folder(gib=_GIB) if in_memory else None,
        ignore_cleanup_errors=True,
    ) as parent:
        directory = Path(parent)
        if os.geteuid() == 0:
            os.chown(directory, _owner().pw_uid, _owner().pw_gid)
        data = directory / "data"
        _fill(data)
        yield Cluster(directory=data, port=free_port())


def _fill(data: Path) -> None:
    """Write the files of an empty server. `initdb` takes a second of CPU, so the processes of a run
    copy what one of them has made."""

    def make(copied: Path) -> None:
        _initialise(data)
        _copy(data, copied)

    if not is_shared():
        _initialise(data)
        return
    made = folder_made_once("postgresql", make)
    if not data.exists():
        _copy(made, data)


def _initialise(data: Path) -> None:
    """Raises NotReady."""
    # Sort ids by their bytes, as everywhere else.
    command: list[str | Path] = [*_as_owner(), _find("initdb"), "-D", data, "-U", _USER]
    command += ["--encoding=UTF8", "--no-locale", "--auth=trust", "--no-sync"]
    done = subprocess.run(command, cwd=data.parent, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotReady(f"initdb ended with {done.returncode}.\n{done.stdout}{done.stderr}")


def _copy(folder: Path, to: Path) -> None:
    """Copy a folder with its owner and permissions, on which PostgreSQL insists."""
    subprocess.run(["cp", "-a", folder, to], check=True, capture_output=True)


def dumped(url: str) -> bytes:
    """Return the SQL that makes the content of this database in an empty one."""
    return subprocess.run([_find("pg_dump"), url], check=True, capture_output=True).stdout


def restore(url: str, dump: bytes) -> None:
    """Fill an empty database with what was `dumped`."""
    command = [str(_find("psql")), "--quiet", "--no-psqlrc", "--single-transaction"]
    command += ["--set", "ON_ERROR_STOP=1", "--output", os.devnull, url]
    subprocess.run(command, input=dump, check=True, capture_output=True)


def _find(program: str) -> Path:
    if found := shutil.which(program):
        return Path(found)
    # Debian has a folder for each major version.
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True):
        if (folder / program).is_file():
            return folder / program
    raise PostgresMissing(PostgresMissing.__doc__)


def _version(folder: Path) -> float:
    name = folder.parent.name
    return float(name) if name.replace(".", "", 1).isdigit() else 0.0


def _as_owner() -> Sequence[str]:
    """Return the command prefix that drops root's rights: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise PostgresMissing("PostgreSQL does not run as root, and there is no setpriv.")
    owner = _owner()
    return [setpriv, f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]


def _owner() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")
