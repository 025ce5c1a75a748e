"""compose.yaml and its variant, without a container engine."""

import json
from typing import Any

import jsonschema_rs
import pytest
import yaml

from tests.integration.deploy.files import CHECKOUT, unknown_settings

FILES = ("compose.yaml", "compose.firestore.yaml")
OURS = ("chat-1", "chat-2", "worker", "migration", "queues")


def load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((CHECKOUT / name).read_text())
    return loaded


@pytest.mark.parametrize("name", FILES)
def test_the_file_follows_the_specification(name: str) -> None:
    schema = json.loads((CHECKOUT / "tests/integration/deploy/compose-spec.json").read_text())

    jsonschema_rs.Draft7Validator(schema).validate(load(name))


@pytest.mark.parametrize("name", FILES)
def test_each_setting_exists(name: str) -> None:
    """A misspelt name would be ignored."""
    services = load(name)["services"]
    found = {key for one in OURS for key in services.get(one, {}).get("environment", {})}

    assert found
    assert unknown_settings(found) == set()


def test_a_variant_changes_services_that_exist() -> None:
    """It adds one, the emulator, and what it changes waits for it."""
    base, variant = (load(name)["services"] for name in FILES)

    assert set(variant) - set(base) == {"firestore"}
    assert all(
        "firestore" in variant[name]["depends_on"] for name in ("chat-1", "chat-2", "worker")
    )


@pytest.mark.parametrize("name", OURS)
def test_our_containers_have_no_rights(name: str) -> None:
    """They write to /tmp and to the folder of files alone."""
    service = load("compose.yaml")["services"][name]

    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["volumes"] == ["files:/var/lib/chat/files"]


def test_what_is_mounted_exists() -> None:
    """A missing file would become an empty folder."""
    for service in load("compose.yaml")["services"].values():
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            assert not source.startswith("./") or (CHECKOUT / source).exists(), volume


def test_each_service_waits_for_services_that_exist() -> None:
    services = load("compose.yaml")["services"]
    for name, service in services.items():
        assert set(service.get("depends_on", ())) <= set(services), name
