"""`make run` says what is the matter: with its port, and with what it runs."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from config.development.instances import development_environment
from config.development.ports import free_port
from config.development.processes import NotReady, require_free
from tests.databases import migrate
from tests.servers.forked import run_python

ROOT = Path(__file__).resolve().parents[4]
OF_THESE_TESTS = {"DEBUG", "SECRET_KEY", "CHAT_AUTH", "FIRESTORE_EMULATOR_HOST"}
PARTS = """
from config.development.processes import Process
from config.development.waiting import until_interrupted
broken = Process(["sh", "-c", "exit 3"], ready=lambda: True)
sound = Process(["sleep", "60"], ready=lambda: True)
with broken, sound:
    print(until_interrupted({"Broken": broken, "Sound": sound}), not sound.ended)
"""


@contextmanager
def make_run(directory: Path, port: str, **settings: str) -> Iterator["subprocess.Popen[str]"]:
    """What `make run` runs, with its database in this directory."""
    own = {"PORT": port, "PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "config.settings"}
    outside = {name: os.environ[name] for name in os.environ.keys() - OF_THESE_TESTS}
    with subprocess.Popen(
        [sys.executable, "-m", "config.development.run"],
        cwd=directory,
        env={**outside, **own, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        try:
            yield child
        finally:
            child.terminate()


def test_a_taken_port_is_refused(tmp_path: Path) -> None:
    """In one line, before anything is started, whoever it is that answers there."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with make_run(tmp_path, str(port)) as run:
            said, _ = run.communicate(timeout=60)

    assert run.returncode == 1
    assert said == f"Port {port} is taken. Choose another: PORT=8123 make run\n"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1"])
def test_a_port_is_a_number(tmp_path: Path, port: str) -> None:
    with make_run(tmp_path, port) as run:
        said, _ = run.communicate(timeout=60)

    assert run.returncode == 1
    assert said == f"PORT is {port!r}. Set it to a number from 1 to 65535.\n"


def _has_address(host: str) -> bool:
    try:
        require_free(0, host=host)
    except NotReady:
        return False
    return True


@pytest.mark.parametrize(
    ("host", "what"),
    [
        ("localhots", "neither an address nor a known name"),
        ("127.0.0.1:8000", "neither an address nor a known name"),
        ("a..b", "neither an address nor a known name"),
        ("192.0.2.1", "not an address of this machine"),
    ],
)
def test_a_mistyped_host_is_refused(tmp_path: Path, host: str, what: str) -> None:
    """In one line, before anything is started."""
    with make_run(tmp_path, str(free_port()), HOST=host) as run:
        said, errors = run.communicate(timeout=60)

    advice = "Set it to one of its addresses, for example 127.0.0.1, or 0.0.0.0 for all."
    assert run.returncode == 1
    assert said == f"HOST is {host!r}, which is {what}. {advice}\n"
    assert errors == ""
    assert not list(tmp_path.iterdir())


def migrate_beforehand(folder: Path) -> None:
    """`make run` has been here before. Migrating takes most of its first start."""
    migrate({"DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}"})


def test_all_addresses_are_listened_on_with_a_warning(tmp_path: Path) -> None:
    migrate_beforehand(tmp_path)
    port = str(free_port())
    with make_run(tmp_path, port, HOST="0.0.0.0") as run:
        assert run.stdout is not None
        assert "may chat as anyone" in run.stdout.readline()
        while "Ctrl-C" not in (line := run.stdout.readline()):
            assert line
        shown = httpx.get(f"http://127.0.0.1:{port}/", headers={"Host": "a-name.example"})

    assert shown.status_code == 200


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DEBUG", "maybe", "DEBUG is 'maybe'. Set it to 1 or 0."),
        ("CHAT_RATE_LIMITS", "of", "CHAT_RATE_LIMITS is 'of'. Set it to 1 or 0."),
        ("CHAT_STORE", "mongo", "CHAT_STORE is 'mongo'"),
        ("CHAT_AUTH", "firebase", "Set GOOGLE_CLOUD_PROJECT"),
        ("ALLOWED_ORIGINS", "app.example", "ALLOWED_ORIGINS contains 'app.example'"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL"),
        ("REDIS_URL", "http://localhost", "REDIS_URL"),
        ("DATABASE_URL", "nosql://here", "DATABASE_URL"),
        ("DATABASE_URL", "sqlite:////nowhere/db", "The database in DATABASE_URL cannot be used"),
        (
            "DATABASE_CONNECTIONS",
            "many",
            "DATABASE_CONNECTIONS is 'many'. Set it to a whole number",
        ),
        ("PUSH_BACKEND", "apns", "Set PUSH_BACKEND to log or fcm."),
    ],
)
def test_a_wrong_setting_is_refused(tmp_path: Path, name: str, value: str, said: str) -> None:
    """With its name and what to do, and without a traceback, by what `make run` runs first."""
    given = {name: os.environ[name] for name in os.environ.keys() - OF_THESE_TESTS}
    own = {"DJANGO_SETTINGS_MODULE": "config.settings", "LOG_LEVEL": "warning"}
    development = development_environment(DATABASE_URL=f"sqlite:///{tmp_path / 'db.sqlite3'}")
    done = run_python(
        "-m",
        "config.development.prepare",
        environment={**given, **development, **own, name: value},
    )

    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_a_wrong_setting_starts_nothing(tmp_path: Path) -> None:
    """It is said once, and the run has failed."""
    with make_run(tmp_path, str(free_port()), CHAT_STORE="mongo") as run:
        out, errors = run.communicate(timeout=60)

    assert run.returncode == 1
    assert errors.count("CHAT_STORE is 'mongo'") == 1
    assert "Traceback" not in errors + out
    assert "Ctrl-C" not in out


def test_settings_are_kept_and_a_chat_is_there(tmp_path: Path) -> None:
    """Spaces and a / at the end of an origin do not matter. A second run adds nothing."""
    for _ in range(2):
        port = str(free_port())
        own = {"ALLOWED_ORIGINS": "https://a.example, https://b.example/", "INSTANCE_ID": "mine"}
        with make_run(tmp_path, port, **own) as run:
            assert run.stdout is not None
            while "Ctrl-C" not in (line := run.stdout.readline()):
                assert line
            url = f"http://127.0.0.1:{port}/api/v1"
            answer = httpx.post(f"{url}/dev/tokens", json={"user_id": "alice"})
            alice = {"Authorization": f"Bearer {answer.json()['token']}"}
            origin = {"Origin": "https://b.example"}
            listed = httpx.get(f"{url}/conversations", headers=alice | origin)
            run.terminate()
            _, errors = run.communicate(timeout=60)

        assert listed.headers["Access-Control-Allow-Origin"] == "https://b.example"
        titles = {item["title"]: item["unread_count"] for item in listed.json()["items"]}
        assert titles == {None: 0, "Release": 2}
        assert errors == ""  # a quiet log


def test_it_ends_with_its_instance(tmp_path: Path) -> None:
    """It serves on the host and the port that were chosen, though the port of another address is
    taken, and warns nobody of a loopback address. When the instance dies, it says so and fails."""
    migrate_beforehand(tmp_path)
    host = "::1" if _has_address("::1") else "127.0.0.2"
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        url = f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
        with make_run(tmp_path, str(port), HOST=host) as run:
            assert run.stdout is not None
            said = ""
            while "Ctrl-C" not in said:
                line = run.stdout.readline()
                assert line, said
                said += line
            assert f"{url}\n" in said
            assert "everybody" not in said
            assert httpx.get(url).status_code == 200
            _kill_child(run.pid)

            rest, _ = run.communicate(timeout=60)

    assert run.returncode == 1
    assert rest == "The instance has ended, by SIGKILL.\n"


def _kill_child(pid: int) -> None:
    children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=True)
    os.kill(int(children.stdout), signal.SIGKILL)


def test_the_other_parts_go_on() -> None:
    """Of several parts the one that ended is named, with how; then Ctrl-C still ends the rest."""
    with subprocess.Popen(
        [sys.executable, "-c", PARTS], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "Broken has ended, with exit status 3.\n"
        owner.send_signal(signal.SIGINT)

        rest, _ = owner.communicate(timeout=60)

    assert rest == "True True\n"
