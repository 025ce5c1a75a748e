"""What `firebase deploy` takes from this repository."""

import json
from pathlib import Path
from uuid import uuid4

import httpx

ROOT = Path(__file__).resolve().parents[4]
FILES = json.loads((ROOT / "firebase.json").read_text())["firestore"]


def test_indexes_and_rules_are_where_it_looks() -> None:
    assert json.loads((ROOT / FILES["indexes"]).read_text())["indexes"]
    assert (ROOT / FILES["rules"]).is_file()


async def test_no_client_reads_or_writes_firestore_itself(firestore_emulator: str) -> None:
    """By the rules; a server's credentials are not bound by them."""
    project = f"test-{uuid4().hex}"
    rules = {
        "rules": {"files": [{"name": "rules", "content": (ROOT / FILES["rules"]).read_text()}]}
    }
    document = f"/v1/projects/{project}/databases/(default)/documents/conversations/x"
    server = {"Authorization": "Bearer owner"}
    async with httpx.AsyncClient(
        base_url=f"http://{firestore_emulator}", trust_env=False, timeout=30
    ) as http:
        put = await http.put(f"/emulator/v1/projects/{project}:securityRules", json=rules)
        assert put.status_code == 200, put.text

        written = await http.patch(document, json={"fields": {}}, headers=server)
        assert written.status_code == 200, written.text
        assert (await http.get(document)).status_code == 403
        assert (await http.patch(document, json={"fields": {}})).status_code == 403
        assert (await http.get(document, headers=server)).status_code == 200
