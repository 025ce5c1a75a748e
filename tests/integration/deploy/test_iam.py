"""The rights of the files in `deploy/iam`: what the product calls, and nothing else."""

import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import boto3
import pytest
import yaml
from pytest_django import Settings

from messaging.doctor.queue import examine_queue
from messaging.files.storage import Served
from messaging.files.storages.s3 import S3Storage
from messaging.notifications.queue.sqs import Entry, SqsQueue, create_queues
from tests.files.s3_server import BUCKET, S3Server
from tests.integration.deploy.files import CHECKOUT, DEPLOY
from tests.notifications.sqs_server import aws_environment

IAM = DEPLOY / "iam"
BATCHES = {"SendMessageBatch": "SendMessage", "DeleteMessageBatch": "DeleteMessage"}
"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html"""
GOOGLE = {
    "begin_transaction": {"datastore.databases.get"},
    "batch_get_documents": {"datastore.entities.get"},
    "commit": {
        *("datastore.entities.allocateIds", "datastore.entities.create"),
        *("datastore.entities.delete", "datastore.entities.update", "datastore.databases.get"),
    },
    "rollback": {"datastore.databases.get"},
    "run_query": {"datastore.entities.get", "datastore.entities.list"},
    "run_aggregation_query": {"datastore.entities.get", "datastore.entities.list"},
}
"""https://cloud.google.com/firestore/docs/security/iam"""


@pytest.fixture(name="amazon")
def _amazon(sqs_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    """moto, behind a gate that notes each request."""
    with S3Server(sqs_url).run() as gate:
        places = {"AWS_ENDPOINT_URL_SQS": gate.url, "AWS_ENDPOINT_URL_S3": gate.url}
        for name, value in (aws_environment(sqs_url) | gate.environment() | places).items():
            monkeypatch.setenv(name, value)
        yield gate


def actions(amazon: S3Server) -> set[str]:
    """The actions of IAM that the noted requests need."""
    return {_action(*request) for request in amazon.requests}


def _action(method: str, path: str, headers: Mapping[str, str]) -> str:
    if target := headers.get("x-amz-target"):
        name = target.rpartition(".")[2]
        return f"sqs:{BATCHES.get(name, name)}"
    return "s3:ListBucket" if "list-type" in path else f"s3:{method.capitalize()}Object"


def allowed(name: str) -> set[str]:
    policy = json.loads((IAM / name).read_text())
    found: set[str] = set()
    for statement in policy["Statement"]:
        assert statement["Effect"] == "Allow"
        actions = statement["Action"]
        found |= {actions} if isinstance(actions, str) else set(actions)
    assert not any("*" in action for action in found)
    return found


@asynccontextmanager
async def a_queue(name: str) -> AsyncIterator[SqsQueue]:
    queue = SqsQueue(create_queues(name, hidden=30))
    yield queue
    await queue.close()


async def test_the_setup_may_create_the_queues(amazon: S3Server) -> None:
    """Once, and again with other attributes."""
    for _ in range(2):
        create_queues("chat-setup", hidden=30)

    assert actions(amazon) == allowed("sqs-setup.json")


async def test_a_worker_may_do_what_it_does(amazon: S3Server) -> None:
    source = (CHECKOUT / "messaging/notifications/queue/worker.py").read_text()
    assert set(re.findall(r"_queue\.(\w+)\(", source)) == {"receive", "send", "delete", "hide"}

    async with a_queue("chat-worker") as queue:
        amazon.requests.clear()
        await queue.send([Entry(body="{}")])
        received = await queue.receive(10, hidden=30)
        await queue.hide(received[0], 30)
        await queue.delete(received)

    assert actions(amazon) == allowed("sqs-worker.json")


async def test_an_instance_may_do_what_it_does(amazon: S3Server, settings: Settings) -> None:
    """It queues jobs, and lists and replays dead letters for the admin; the doctor too."""
    async with a_queue("chat-instance") as queue:
        amazon.requests.clear()
        await queue.send([Entry(body="{}")])
        dead = await queue.dead_letters()
        assert dead is not None
        await dead.send([Entry(body="{}")])  # as SQS does by itself
        received = await dead.receive(10, hidden=30)
        await dead.hide(received[0], 30)
        await dead.delete(received)
        await dead.close()
        settings.NOTIFICATION_QUEUE_URL = queue.url
        assert await examine_queue()

    assert actions(amazon) == allowed("sqs-instance.json")


async def test_an_instance_may_use_its_bucket(amazon: S3Server, tmp_path: Path) -> None:
    client = boto3.client("s3")
    with suppress(client.exceptions.BucketAlreadyOwnedByYou):  # another test of this process has
        client.create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
    file = tmp_path / "file"
    file.write_bytes(b"hello")
    storage = S3Storage(BUCKET)
    amazon.requests.clear()
    served = Served(content_type="text/plain", disposition="attachment")
    await storage.put(file, "a" * 26 + "/file", served)
    await storage.fetch("a" * 26 + "/file", tmp_path / "copy", most=5)
    await storage.delete("a" * 26)
    await storage.probe()
    await storage.close()

    assert actions(amazon) == allowed("s3-files.json")


def test_the_role_for_firestore_allows_the_calls_of_the_store() -> None:
    folder = CHECKOUT / "messaging/stores/firestore"
    source = "".join(file.read_text() for file in folder.rglob("*.py"))
    calls = set(re.findall(r"lambda channel, timeout: channel\.(\w+)\(", source))
    role = yaml.safe_load((IAM / "firestore-role.yaml").read_text())["includedPermissions"]
    others = {"firebaseauth.users.get", "cloudmessaging.messages.create"}

    assert calls <= GOOGLE.keys()
    assert set(role) == others | set().union(*(GOOGLE[call] for call in calls))
