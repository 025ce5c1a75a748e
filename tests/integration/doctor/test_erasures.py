"""The doctor and the key of erasures: missing, short, and changed since a receipt was made."""

from pathlib import Path

import pytest
from pytest_django import Settings

from config.development.ports import free_port
from messaging.doctor.erasures import examine_erasures
from messaging.doctor.findings import Level
from messaging.files.storages import make_storage
from messaging.personal_data.evidence import Evidence
from tests.integration.doctor.findings import not_well, only

KEY = "k" * 32


@pytest.fixture(autouse=True)
def _settings(settings: Settings, tmp_path: Path) -> None:
    settings.CHAT_FILES = "local"
    settings.CHAT_FILES_DIR = str(tmp_path / "files")
    settings.DEBUG = False
    settings.CHAT_ERASURE_KEY = KEY


async def receipt() -> None:
    storage = make_storage()
    await Evidence(storage).put("eve", {"erased_at": "2026-01-01T00:00:00Z"})
    await storage.close()


async def test_a_good_key() -> None:
    await receipt()

    findings = await examine_erasures()

    assert findings
    assert not_well(findings) == []


async def test_no_key(settings: Settings) -> None:
    """A laptop needs none."""
    settings.CHAT_ERASURE_KEY = ""
    only(await examine_erasures(), Level.WARNING, "CHAT_ERASURE_KEY is not set", "SECRET_KEY")

    settings.DEBUG = True
    assert not_well(await examine_erasures()) == []


async def test_a_short_key(settings: Settings) -> None:
    settings.CHAT_ERASURE_KEY = "k" * 31
    only(await examine_erasures(), Level.WARNING, "only 31 characters", "random")


async def test_a_changed_key(settings: Settings) -> None:
    await receipt()
    settings.CHAT_ERASURE_KEY = "l" * 32
    only(await examine_erasures(), Level.WARNING, "another CHAT_ERASURE_KEY", "new_epoch")


async def test_a_storage_that_does_not_answer(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHAT_FILES, settings.CHAT_FILES_BUCKET = "s3", "files"
    for name, value in {
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "key",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{free_port()}",
    }.items():
        monkeypatch.setenv(name, value)

    only(await examine_erasures(), Level.WARNING, "cannot be read", "storage of files")
