"""Service accounts in the admin: creating one, its tokens, and what it did."""

import re
from collections.abc import Callable

import structlog

from messaging.domain.integrations.service_accounts import token_id
from messaging.runtime.instance import Instance
from tests.integration.admin import Operator, rows_of, text_of
from tests.integration.admin.conftest import SignIn
from tests.integration.chat import Api, ok, problem
from tests.integration.chat.service_accounts import ServiceApi

PATH = "serviceaccount/"
NEW = {"name": "shop", "scopes": ["act_as", "send"], "requests_per_second": "20", "expires_at": ""}


async def test_the_life_of_an_account(
    ann: Api, root: Operator, instance: Instance, api: Callable[[str], Api]
) -> None:
    """A token is shown once, and nowhere afterwards; another replaces it; both can be revoked."""
    page = await root.post(f"{PATH}add/", NEW)
    (token,) = re.findall(r"svc_[0-9a-f_]+", page.text)
    assert "no-store" in page.headers["Cache-Control"]
    shop = ServiceApi(ann.client, "shop", token).acting_as("ann")
    ok(await shop.get("/conversations"))
    assert problem(await shop.get("/me")) == (403, "permission_denied")
    assert problem(await shop.delete(f"/conversations/{await ann.group()}"))[0] == 403
    await instance.service_history.stop()

    shown = await root.get(f"{PATH}shop/change/")
    assert token not in shown.text
    text = text_of(shown)
    id_ = token_id(token)
    assert f"{id_} valid" in text
    assert "DELETE /api/v1/conversations/" in text
    assert "root" in text
    assert rows_of(await root.get(PATH)) == ["shop"]

    page = await root.act(PATH, "issue_token", "shop", expires_at="")
    (second,) = re.findall(r"svc_[0-9a-f_]+", page.text)
    await root.act(PATH, "revoke_token", "shop", token_id=id_)
    assert problem(await shop.get("/conversations")) == (401, "token_revoked")
    other = ServiceApi(ann.client, "shop", second).acting_as("ann")
    ok(await other.get("/conversations"))
    await root.act(PATH, "change", "shop", scopes=["manage"], requests_per_second="5")
    assert problem(await other.get("/conversations")) == (403, "scope_missing")
    await root.act(PATH, "revoke", "shop")
    assert problem(await other.get("/conversations")) == (401, "token_revoked")
    history = await root.page(f"{PATH}shop/history/")
    for entry in ("Issue another token", "Revoke a token", "Change scopes", "Revoke the account"):
        assert entry in history
    assert second not in history


async def test_what_the_form_refuses(root: Operator) -> None:
    for changed, reason in (
        ({"name": "Shop!"}, "valid"),
        ({"name": "system"}, "reserved"),
        ({"scopes": []}, "required"),
        ({"requests_per_second": "0"}, "greater than or equal to 1"),
        ({"expires_at": "2020-01-01T00:00"}, "in the past"),
    ):
        answer = await root.post(f"{PATH}add/", {**NEW, **changed})
        assert reason in text_of(answer), changed
        assert "svc_" not in answer.text
    assert rows_of(await root.get(PATH)) == []


async def test_only_those_who_may_create_accounts(operator: SignIn) -> None:
    """No group may: an account can do more than its operators."""
    viewer = await operator("viewer", permissions=["view_serviceaccount"])

    assert (await viewer.get(PATH)).status_code == 200
    assert (await viewer.get(f"{PATH}add/")).status_code == 403
    assert (await viewer.post(f"{PATH}add/", NEW)).status_code == 403


async def test_log_lines_have_the_plain_names_of_scopes(root: Operator) -> None:
    """As they are typed: the log of a terminal shows the repr of what a list contains."""
    with structlog.testing.capture_logs() as lines:
        await root.post(f"{PATH}add/", NEW)
        await root.act(PATH, "change", "shop", scopes=["send"], requests_per_second="20")

    scopes = [str(line["scopes"]) for line in lines if "scopes" in line]
    assert scopes == ["['act_as', 'send']", "['send']"]
