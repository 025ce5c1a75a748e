"""The example keeps an index of its own."""

from pathlib import Path

import pytest

from tests.integration.followers.stage import Stage
from tests.integration.stores.acting import edit

pytest.importorskip("tantivy")

from examples.followers.tantivy_follower import TantivyFollower


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
