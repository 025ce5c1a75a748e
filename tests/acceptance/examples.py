"""The sites in `examples`, as child processes beside the chat."""

import base64
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from config.development.processes import Process
from tests.clients.rest import token_of
from tests.conftest import skip_or_fail
from tests.servers.forked import run_python

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
_SCOPES = "act_as,send,manage"
SECRET = "whsec_" + base64.b64encode(b"a secret of the webhooks, 32 byte").decode()


@dataclass(frozen=True)
class Chat:
    url: str
    token: str

    def get(self, user_id: str, path: str) -> Any:
        """What a person gets from the API."""
        headers = {"Authorization": f"Bearer {token_of(user_id)}"}
        return httpx.get(f"{self.url}/api/v1{path}", headers=headers).raise_for_status().json()

    def send(self, user_id: str, conversation_id: str, text: str) -> Any:
        headers = {"Authorization": f"Bearer {token_of(user_id)}"}
        path = f"/api/v1/conversations/{conversation_id}/messages"
        answer = httpx.post(f"{self.url}{path}", json={"text": text}, headers=headers)
        return answer.raise_for_status().json()

    def delete_latest(self, user_id: str, conversation_id: str) -> None:
        """Delete the latest message of a conversation, which is this person's."""
        latest = self.messages(user_id, conversation_id)[-1]
        path = f"/api/v1/conversations/{conversation_id}/messages/{latest['id']}"
        headers = {"Authorization": f"Bearer {token_of(user_id)}"}
        httpx.delete(f"{self.url}{path}", headers=headers).raise_for_status()

    def messages(self, user_id: str, conversation_id: str) -> list[Any]:
        page = self.get(user_id, f"/conversations/{conversation_id}/messages")
        items: list[Any] = page["items"]
        return items


def create_service(environment: Mapping[str, str], *options: str, name: str = "shop") -> str:
    """The token of a new service account of the chat that runs in this environment."""
    command = ("manage.py", "create_service", name, "--scopes", _SCOPES, *options)
    made = run_python(*command, environment={**os.environ, **environment}, check=True)
    return made.stdout.strip()


@contextmanager
def site(*command: str, chat: Chat, port: int, folder: Path, **settings: str) -> Iterator[str]:
    """Run a site, and return its address."""
    environment = {
        "DJANGO_SETTINGS_MODULE": "shop.settings",
        "CHAT_URL": chat.url,
        "CHAT_TOKEN": chat.token,
        "CHAT_WEBHOOK_SECRET": SECRET,
        **settings,
    }
    address = f"http://127.0.0.1:{port}"

    def ready() -> bool:
        try:
            return httpx.get(address, follow_redirects=False).status_code < 500
        except httpx.TransportError:
            return False

    with Process(command, ready=ready, environment=environment, directory=folder):
        yield address


def require_node(example: str) -> None:
    """Skip the test, or fail in CI, if this example cannot run on Node."""
    if shutil.which("node") is None:
        skip_or_fail("Node is missing. Install Node 20 or newer.")
    if not (EXAMPLES / example / "node_modules").exists():
        skip_or_fail(f"What examples/{example} needs is not installed. Run `make javascript`.")
