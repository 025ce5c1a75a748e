"""REST under requests made from its own description: what it answers is what it says it answers.

schemathesis (https://schemathesis.readthedocs.io) makes valid and invalid requests of every
operation, and sequences of them, and applies all of its checks: no 5xx, no status, content type or
document that is not described, nothing invalid accepted, nothing valid refused, nothing without a
token.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import httpx
import pytest

from chat.rest.service_access import ACT_AS_HEADER
from config.development.processes import Process
from messaging.domain.integrations.service_accounts import Scope
from tests.acceptance.examples import create_service
from tests.clients.rest import token_of

Caller = Literal["person", "service", "on_behalf"]
_PERSON = "wil"
_CONFIGURATION = Path(__file__).with_name("schemathesis.toml")


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("caller", "examples", "least", "options"),
    [
        ("person", 3, 500, ["--seed", "1"]),  # the same each time
        ("service", 3, 30, ["--seed", "1", "--phases", "fuzzing,stateful"]),
        pytest.param("person", 200, 5_000, [], marks=pytest.mark.fuzz),
        pytest.param("service", 200, 1_000, [], marks=pytest.mark.fuzz),
        pytest.param("on_behalf", 200, 3_000, [], marks=pytest.mark.fuzz),
    ],
    ids=["person", "service", "long-person", "long-service", "long-on-behalf"],
)
def test_rest_keeps_to_its_description(
    server: Process,
    port: int,
    environment: dict[str, str],
    examples: int,
    least: int,
    options: list[str],
    caller: Caller,
    tmp_path: Path,
) -> None:
    """For a person, for a service account by itself, and on behalf of a person."""
    headers = {"Authorization": f"Bearer {_token(caller, environment)}"}
    if caller == "on_behalf":
        headers[ACT_AS_HEADER] = _PERSON
    done = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("schemathesis")), "--no-color"),
            *("--config-file", str(_CONFIGURATION), "run"),
            *_described(port, tmp_path, caller),
            *("--url", f"http://127.0.0.1:{port}"),
            *(part for one in headers.items() for part in ("--header", ": ".join(one))),
            *("--checks", "all", "--max-examples", str(examples), "--continue-on-failure"),
            *options,
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[:10_000] + done.stderr
    scenarios = re.search(r"✅\s+Stateful.*?Scenarios:\s+([\d,]+)", done.stdout, re.DOTALL)
    assert scenarios is not None, done.stdout  # sequences of requests were among them
    generated = re.search(r"([\d,]+) generated", done.stdout)
    assert generated is not None, done.stdout
    print(f"{caller}: {generated[1]} requests, {scenarios[1]} sequences")
    assert int(generated[1].replace(",", "")) >= least
    assert "Authentication failed" not in done.stdout, done.stdout[-5_000:]
    assert "exc_info" not in server.output()
    assert "Traceback" not in server.output()


def _token(caller: Caller, environment: dict[str, str]) -> str:
    if caller == "person":
        return token_of(_PERSON)  # who may rename himself
    scopes = ",".join(Scope)
    return create_service(environment, "--scopes", scopes, name=f"fuzz-{uuid4().hex[:8]}")


def _described(port: int, folder: Path, caller: Caller) -> list[str]:
    """Return the options that name what this caller may do. The header by which services act for
    people is not in the description: it is given, or it is not."""
    document = httpx.get(f"http://127.0.0.1:{port}/api/schema?format=json", timeout=60).json()
    options: list[str] = []
    for path in document["paths"].values():
        for operation in path.values():
            given = operation.get("parameters", [])
            operation["parameters"] = [one for one in given if one["name"] != ACT_AS_HEADER]
            if not _may(caller, operation):
                options += ["--exclude-operation-id", operation["operationId"]]
    written = folder / "description.json"
    written.write_text(json.dumps(document))
    return [str(written), *options]


def _may(caller: Caller, operation: dict[str, Any]) -> bool:
    scopes = set(operation.get("x-scopes", ()))
    match caller:
        case "service":
            return bool(scopes - {Scope.ACT_AS})
        case "on_behalf":
            return Scope.ACT_AS in scopes
    # Whoever logs out everywhere is nobody afterwards.
    is_for_people = operation.get("security") != [{"service": []}]
    return is_for_people and operation["operationId"] != "log_out_everywhere"
