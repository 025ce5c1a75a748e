"""The manifests for Kubernetes: as its API describes them, and consistent with each other."""

import copy
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml
from django.core.management import get_commands

from messaging.stores import INDEX_CONNECTIONS
from tests.integration.deploy.files import CHECKOUT, DEPLOY, documents, unknown_settings

Manifest = dict[str, Any]
FOLDER = DEPLOY / "kubernetes"
SETS = ("firestore", "postgresql", "migration", "retention")
VERSION = "1.29"
"""Whose fields the manifests may use; later ones only add fields."""


def built(folder: Path) -> Sequence[Manifest]:
    """What `kubectl kustomize` makes of a folder: resources, and JSON patches that add values."""
    (kustomization,) = documents(folder / "kustomization.yaml")
    found: list[Manifest] = []
    for name in kustomization["resources"]:
        path = folder / name
        found += built(path) if path.is_dir() else copy.deepcopy(documents(path))
    for patch in kustomization.get("patches", ()):
        target = patch["target"]
        (manifest,) = [
            one
            for one in found
            if (one["kind"], one["metadata"]["name"]) == (target["kind"], target["name"])
        ]
        for step in yaml.safe_load(patch["patch"]):
            assert step["op"] == "add"
            *parents, last = step["path"].strip("/").split("/")
            place = manifest
            for parent in parents:
                place = place[parent]
            place[last] = step["value"]
    return found


@pytest.fixture(params=SETS, name="manifests")
def _manifests(request: pytest.FixtureRequest) -> Sequence[Manifest]:
    return built(FOLDER / request.param)


def pods(manifests: Sequence[Manifest]) -> Sequence[Manifest]:
    specs = [one["spec"] for one in manifests if one["kind"] in {"Deployment", "Job", "CronJob"}]
    return [one.get("jobTemplate", {"spec": one})["spec"]["template"] for one in specs]


def named(manifests: Sequence[Manifest], kind: str) -> Manifest:
    (found,) = [one for one in manifests if one["kind"] == kind]
    return found


def test_every_file_belongs_to_a_set() -> None:
    """The rest are values of another chart."""
    found = {
        path.parent / name
        for path in FOLDER.rglob("kustomization.yaml")
        for name in documents(path)[0]["resources"]
    }
    others = {path for path in FOLDER.rglob("*.yaml") if path.name != "kustomization.yaml"} - found
    assert others == {FOLDER / "prometheus-adapter-values.yaml"}


def test_the_database_has_a_connection_for_all_processes() -> None:
    """With the number of its comment, in the formula of docs/settings.md."""
    comment = (FOLDER / "postgresql" / "kustomization.yaml").read_text()
    (allowed,) = re.findall(r"max_connections = (\d+)", comment)
    manifests = built(FOLDER / "postgresql")
    instances = named(manifests, "HorizontalPodAutoscaler")["spec"]["maxReplicas"]
    (workers,) = [
        one["spec"]["replicas"]
        for one in manifests
        if one["kind"] == "Deployment" and one["metadata"]["name"] == "chat-worker"
    ]
    each = int(named(manifests, "ConfigMap")["data"]["DATABASE_CONNECTIONS"])

    needed = instances * (each + INDEX_CONNECTIONS) + workers * each
    assert needed <= int(allowed) - 10


def test_the_api_accepts_every_manifest(manifests: Sequence[Manifest]) -> None:
    for manifest in manifests:
        kubernetes_validate.validate(manifest, VERSION, strict=True)


def test_pods_have_no_rights(manifests: Sequence[Manifest]) -> None:
    for pod in pods(manifests):
        spec = pod["spec"]
        assert spec["securityContext"]["runAsNonRoot"]
        assert spec["securityContext"]["runAsUser"] == 10001
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert container["resources"]["limits"]["memory"]


def test_commands_and_settings_exist(manifests: Sequence[Manifest]) -> None:
    for pod in pods(manifests):
        for container in pod["spec"]["containers"]:
            assert container["args"][:2] == ["python", "manage.py"]
            assert container["args"][2] in get_commands()
            assert unknown_settings(one["name"] for one in container.get("env", ())) == set()
    for manifest in manifests:
        if manifest["kind"] == "ConfigMap":
            assert unknown_settings(manifest["data"]) == set()


@pytest.mark.parametrize("name", ["firestore", "postgresql"])
def test_everything_selects_the_instances(name: str) -> None:
    manifests = built(FOLDER / name)
    instances, worker = (one for one in manifests if one["kind"] == "Deployment")
    labels: Mapping[str, str] = instances["spec"]["template"]["metadata"]["labels"]
    selectors = [
        instances["spec"]["selector"]["matchLabels"],
        named(manifests, "Service")["spec"]["selector"],
        named(manifests, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
    ]
    for selector in selectors:
        assert selector.items() <= labels.items()
        assert not selector.items() <= worker["spec"]["template"]["metadata"]["labels"].items()
    target = named(manifests, "HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]
    assert target["name"] == instances["metadata"]["name"]


def test_a_pod_drains_before_it_is_killed() -> None:
    """The pause of its hook and the ten seconds of a shutdown fit into the time that it has."""
    instances = named(documents(FOLDER / "base" / "instances.yaml"), "Deployment")
    spec = instances["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    (_, pause) = container["lifecycle"]["preStop"]["exec"]["command"]

    assert spec["terminationGracePeriodSeconds"] >= int(pause) + 10 + 5
    assert instances["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


def test_images_are_replaced(manifests: Sequence[Manifest]) -> None:
    """Each container has the image that the folder names."""
    names = {one["image"] for pod in pods(manifests) for one in pod["spec"]["containers"]}
    replaced = {
        image["name"]
        for folder in SETS
        for image in documents(FOLDER / folder / "kustomization.yaml")[0]["images"]
    }

    assert names == replaced == {"chat-backend"}
    assert (CHECKOUT / "Dockerfile").exists()
