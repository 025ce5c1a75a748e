"""The admin as an operator uses it: pages asked for and forms sent."""

import re
from collections.abc import Sequence
from html import unescape
from typing import Any

import httpx
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from tests.documents import counted_documents


class Operator:
    """Somebody who is signed in to the admin. Paths are below `/admin/chat/`."""

    def __init__(self, client: httpx.AsyncClient, user: User, session: str) -> None:
        self.user = user
        self._client = client
        self._cookies = {"sessionid": session}

    async def get(self, path: str, **query: Any) -> httpx.Response:
        return await self._client.get(
            f"/admin/chat/{path}", params=query or None, headers=self._headers()
        )

    async def page(self, path: str, **query: Any) -> str:
        """What a page says, without its tags."""
        answer = await self.get(path, **query)
        assert answer.status_code == 200, (answer.status_code, answer.headers.get("Location"))
        return text_of(answer)

    async def act(
        self, path: str, action: str, *keys: str, confirmed: bool = True, **values: Any
    ) -> httpx.Response:
        """Choose an action for some rows of a list, and confirm it."""
        form = {"action": action, "_selected_action": list(keys), **values}
        if confirmed:
            form["confirmed"] = "yes"
        return await self.post(path, form)

    async def post(self, path: str, form: dict[str, Any]) -> httpx.Response:
        """What comes of a form: the page to which it leads, with what it says at the top."""
        token = "a" * 32
        self._cookies["csrftoken"] = token
        answer = await self._client.post(
            f"/admin/chat/{path}",
            data={**form, "csrfmiddlewaretoken": token},
            headers={**self._headers(), "Origin": "http://testserver"},
        )
        self._keep_cookies(answer)
        if answer.status_code != 302:
            return answer
        return await self._client.get(answer.headers["Location"], headers=self._headers())

    def sign_out(self) -> None:
        """Forget the session, as a browser does whose cookies are deleted."""
        self._cookies.clear()

    def _headers(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}

    def _keep_cookies(self, answer: httpx.Response) -> None:
        for name in ("messages", "csrftoken"):
            if name in answer.cookies:
                self._cookies[name] = answer.cookies[name]


def text_of(answer: httpx.Response) -> str:
    main = answer.text.partition('<div id="container">')[2] or answer.text
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def rows_of(answer: httpx.Response) -> Sequence[str]:
    """The keys of a list's rows."""
    return re.findall(r'name="_selected_action" value="([^"]+)"', answer.text)


def next_of(answer: httpx.Response) -> str | None:
    """The query that leads to the next page."""
    found = re.search(r'href="\?([^"]*)" rel="next"', answer.text)
    return None if found is None else unescape(found.group(1))


def documents_read() -> int:
    """So far, by the meter of the store."""
    return counted_documents()["read"]


@sync_to_async
def sign_in(name: str, *, group: str | None = None, permissions: Sequence[str] = ()) -> Any:
    """A new operator and the key of their session: a member of a group, or with permissions, else
    one who may do everything."""
    user = User.objects.create_user(
        name, is_staff=True, is_superuser=group is None and not permissions
    )
    if group is not None:
        user.groups.add(Group.objects.get(name=group))
    user.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return user, client.cookies["sessionid"].value
