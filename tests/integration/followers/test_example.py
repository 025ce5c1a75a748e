"""The example keeps an index of its own."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.integration.followers.stage import Stage
from tests.integration.stores.acting import edit

pytest.importorskip("tantivy")

from examples.followers import tantivy_follower
from examples.followers.tantivy_follower import TantivyFollower


@pytest.mark.parametrize(("names", "name"), [([], "tantivy"), (["other"], "other")])
def test_the_command_takes_a_name(
    names: Sequence[str], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Checkpoints belong to a name, so a second index needs another one."""
    followed = []

    async def follow(folder: Path, *, name: str) -> None:
        followed.append((folder, name))

    monkeypatch.setattr(tantivy_follower, "follow", follow)
    tantivy_follower.main(["follow", str(tmp_path), *names])

    assert followed == [(tmp_path, name)]


async def test_the_index_follows(sql_stage: Stage, tmp_path: Path) -> None:
    process = sql_stage.process()
    group = await sql_stage.group()
    await process.say_and_die(group, "green tea", "coffee")
    follower = TantivyFollower(tmp_path / "index")
    runner = process.following.add_remote(follower)
    while await runner.walk() is not None:
        pass
    await runner.catch_up()
    assert [text for _, text in follower.search("tea")] == ["green tea"]

    ((message_id, _),) = follower.search("coffee")
    await process.writer.submit(group.id, edit(message_id, "black tea"))
    await runner.catch_up()
    assert follower.search("coffee") == []
    assert {text for _, text in follower.search("tea")} == {"green tea", "black tea"}
