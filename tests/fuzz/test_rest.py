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

import httpx
import pytest

from config.development.processes import Process
from tests.clients.rest import token_of

_CONFIGURATION = Path(__file__).with_name("schemathesis.toml")


@pytest.mark.parametrize(
    ("examples", "least", "options"),
    [
        (3, 500, ["--seed", "1"]),  # the same each time
        pytest.param(200, 5_000, [], marks=pytest.mark.fuzz),
    ],
    ids=["short", "long"],
)
def test_rest_keeps_to_its_description(
    server: Process, port: int, examples: int, least: int, options: list[str], tmp_path: Path
) -> None:
    done = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("schemathesis")), "--no-color"),
            *("--config-file", str(_CONFIGURATION)),
            *_described(port, tmp_path),
            *("--header", f"Authorization: Bearer {token_of('wil')}"),  # who may rename himself
            # Whoever calls it is nobody afterwards.
            *("--exclude-operation-id", "log_out_everywhere"),
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
    print(f"{scenarios[1]} sequences")
    generated = re.search(r"([\d,]+) generated", done.stdout)
    assert generated is not None, done.stdout
    assert int(generated[1].replace(",", "")) >= least
    assert "Authentication failed" not in done.stdout, done.stdout[-5_000:]
    assert "exc_info" not in server.output()
    assert "Traceback" not in server.output()


def _described(port: int, folder: Path) -> list[str]:
    """Return the options that name what people may do: a description without the header by which
    services act for people, and without the operations of services."""
    document = httpx.get(f"http://127.0.0.1:{port}/api/schema?format=json").json()
    options: list[str] = []
    for path in document["paths"].values():
        for operation in path.values():
            given = operation.get("parameters", [])
            operation["parameters"] = [one for one in given if one["name"] != "Chat-Act-As"]
            if operation.get("security") == [{"service": []}]:
                options += ["--exclude-operation-id", operation["operationId"]]
    written = folder / "description.json"
    written.write_text(json.dumps(document))
    return ["run", str(written), "--url", f"http://127.0.0.1:{port}", *options]
