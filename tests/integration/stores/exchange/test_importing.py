"""Exports of other products: what is imported of each sample, and damaged samples."""

import functools
import random
import re
import shutil
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from messaging.domain.conversation import Conversation, ConversationKind
from messaging.domain.identifiers import direct_conversation_id
from messaging.domain.participant import Role
from messaging.exchange.lines import decode
from messaging.exchange.records import FullMessage, Header, Person, Record
from messaging.models import ConversationRecord, MessageRecord, PersonRecord
from tests.integration.stores.exchange.chats import problems

Convert = Callable[[str], list[Record]]
EXPORTS = Path(__file__).parent / "exports"
FILES = EXPORTS / "files"
SAMPLES = {
    "csv": "chat.csv",
    "matrix": "synapse",
    "mattermost": "mattermost.jsonl",
    "slack": "slack",
    "stream": "stream.jsonl",
}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def stored_files(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "stored"
    with override_settings(CHAT_FILES="local", CHAT_FILES_DIR=str(folder)):
        yield folder


def run(*arguments: str) -> str:
    output = StringIO()
    call_command("import_conversations", *arguments, stdout=output, stderr=output)
    return output.getvalue()


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Convert:
    """The records of a sample, each converted once."""

    @functools.cache
    def convert(product: str) -> list[Record]:
        target = tmp_path_factory.mktemp(product) / "a.jsonl"
        return convert_sample(product, target)

    return convert


def convert_sample(product: str, target: Path, *arguments: str) -> list[Record]:
    named = ("--from", product, "--files", str(FILES), "--to", str(target))
    run(str(EXPORTS / SAMPLES[product]), *named, *arguments)
    assert problems(target.read_bytes()) == []
    return [decode(line) for line in target.read_bytes().splitlines()]


def messages_of(records: list[Record], conversation: Conversation) -> list[FullMessage]:
    return [
        one
        for one in records
        if isinstance(one, FullMessage) and one.message.conversation_id == conversation.id
    ]


@pytest.mark.parametrize("product", SAMPLES)
def test_a_group_comes_with_everything(product: str, converted: Convert) -> None:
    """Its texts in the order of their times, a reply, a file, and who was mentioned."""
    records = converted(product)
    assert isinstance(records[0], Header)
    group = next(
        one
        for one in records
        if isinstance(one, Conversation) and one.kind is ConversationKind.GROUP
    )
    found = messages_of(records, group)
    times = [one.message.created_at for one in found]
    first = found[0].message

    assert times == sorted(times)
    assert [one.message.seq for one in found] == list(range(1, group.seq + 1))
    assert group.active_at == times[-1]
    assert group.title in {"Tea", "Rock'n Roll Circus", "Town Square", "general"}
    assert next(iter(group.participants.values())).role is Role.OWNER
    assert found[1].message.reply_to == first.id
    filed = next(one for one in found if one.files)
    assert filed.message.attachments[0].filename == "notes.txt"
    assert filed.files[0].part is not None
    assert len([one for one in records if isinstance(one, Person)]) >= 2


@pytest.mark.parametrize("product", ["csv", "mattermost", "slack", "stream"])
def test_two_people_have_the_direct_conversation_of_both(product: str, converted: Convert) -> None:
    records = converted(product)
    direct = next(
        one
        for one in records
        if isinstance(one, Conversation) and one.kind is ConversationKind.DIRECT
    )
    assert direct.id == direct_conversation_id(*direct.participants)
    assert len(messages_of(records, direct)) == 1


def test_the_markup_of_slack_becomes_text(converted: Convert) -> None:
    texts = [one.message.text for one in converted("slack") if isinstance(one, FullMessage)]
    assert "Hello @U2, see the page & tell <me>" in texts
    assert not any("joined" in (text or "") for text in texts)


def test_an_edit_of_matrix_keeps_the_earlier_text(converted: Convert) -> None:
    found = [one for one in converted("matrix") if isinstance(one, FullMessage)]
    edited = found[0]

    assert edited.message.text == "hello"
    assert [one.text for one in edited.earlier.texts()] == ["helo"]
    (reaction,) = edited.message.reactions.values()
    assert (reaction.count, len(reaction.user_ids)) == (1, 1)
    assert found[1].message.text == "hello Ann"
    assert found[-1].message.deleted_at is not None
    assert found[-1].message.text is None


def test_an_export_makes_the_same_file_each_time(converted: Convert, tmp_path: Path) -> None:
    """So that an import can be repeated."""
    assert convert_sample("slack", tmp_path / "again.jsonl") == converted("slack")


def test_people_get_the_ids_of_ours(tmp_path: Path) -> None:
    named = tmp_path / "people.csv"
    named.write_text("U1,ann\nU2,bob\n")
    records = convert_sample("slack", tmp_path / "out.jsonl", "--people", str(named))
    people = {one.user_id: one.name for one in records if isinstance(one, Person)}

    assert people["ann"] == "Annie"
    assert "U1" not in people


def test_an_import_is_loaded_and_can_be_repeated(stored_files: Path) -> None:
    arguments = (str(EXPORTS / "slack"), "--from", "slack", "--files", str(FILES))

    assert "Imported" in run(*arguments)
    assert "0 conversations with 0 messages" in run(*arguments)
    assert ConversationRecord.objects.count() == 2
    assert MessageRecord.objects.count() == 4
    assert PersonRecord.objects.count() == 3
    assert len([one for one in stored_files.rglob("*") if one.is_file()]) >= 1


def test_a_dry_run_imports_nothing(stored_files: Path) -> None:
    run(str(EXPORTS / "slack"), "--from", "slack", "--files", str(FILES), "--dry-run")

    assert ConversationRecord.objects.count() == PersonRecord.objects.count() == 0
    assert not stored_files.exists() or not list(stored_files.rglob("*/*"))


def test_a_missing_file_is_a_problem(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    output = StringIO()
    with pytest.raises(CommandError, match="1 problems"):
        call_command(
            "import_conversations",
            *(str(EXPORTS / "chat.csv"), "--from", "csv", "--files", str(empty)),
            stdout=output,
        )
    assert "The folder of files has no notes.txt" in output.getvalue()
    assert ConversationRecord.objects.count() == 0


@pytest.mark.parametrize("product", SAMPLES)
def test_damaged_exports_are_refused_with_the_line(product: str, tmp_path: Path) -> None:
    """50 of each. Nothing is imported of any of them."""
    chance = random.Random(product)
    for number in range(50):
        folder = tmp_path / str(number)
        export = _copied(EXPORTS / SAMPLES[product], folder)
        line = _damage(chance, product, export)
        output = StringIO()
        with pytest.raises(CommandError, match=r"\d+ problems"):
            call_command(
                "import_conversations",
                *(str(export), "--from", product, "--to", str(folder / "out")),
                stdout=output,
            )
        shown = output.getvalue().splitlines()
        expected = rf"\bline {line or '[0-9]+'}: "  # of a value over several lines: any of them
        assert any(re.search(expected, one) for one in shown), (line, shown)
        assert not (folder / "out").exists()
    assert ConversationRecord.objects.count() == 0


def _copied(export: Path, folder: Path) -> Path:
    if export.is_dir():
        return Path(shutil.copytree(export, folder / export.name))
    folder.mkdir()
    return Path(shutil.copy(export, folder))


def _damage(chance: random.Random, product: str, export: Path) -> int:
    """Damage one place of an export, and return the line that must be named."""
    files = [export] if export.is_file() else [one for one in export.rglob("*") if one.is_file()]
    path = chance.choice(sorted(files))
    lines = path.read_bytes().split(b"\n")
    whole = [at for at, line in enumerate(lines) if line.strip(b"[] \t") and at < len(lines) - 1]
    if product == "csv":
        return _damage_csv(chance, path, lines)
    at = chance.choice(whole)
    kind = chance.randrange(3)
    if kind == 0:  # not JSON
        lines[at] = lines[at].replace(b'"', b"", 1) if b'"' in lines[at] else b"?"
    elif kind == 1:  # a byte that is not UTF-8
        lines[at] = b"\xff" + lines[at]
        path.write_bytes(b"\n".join(lines))
        return at + 1 if product != "slack" else 1
    else:  # cut off
        lines[at] = lines[at][: len(lines[at]) // 2] + b"\x00"
    path.write_bytes(b"\n".join(lines))
    return at + 1 if product != "slack" else 0


def _damage_csv(chance: random.Random, path: Path, lines: list[bytes]) -> int:
    at = chance.choice([3, 4, 5])
    kind = chance.randrange(3)
    if kind == 0:
        lines[at] += b",more"
    elif kind == 1:
        lines[at] = lines[at].replace(b"2020-01", b"2020-13")
    else:
        lines[at] = b"," + lines[at]
    path.write_bytes(b"\n".join(lines))
    return at + 1
