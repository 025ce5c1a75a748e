"""The deleted messages of a conversation, as ranges of their numbers."""

from hypothesis import given
from hypothesis import strategies as st

from messaging.domain.uncounted import ALL_COUNTED, MAX_CHARACTERS, MAX_RANGES, Uncounted

SEQS = st.lists(st.integers(1, 60), max_size=60)
LARGEST = 2**53 - 1


def adding(*seqs: int) -> Uncounted:
    uncounted = Uncounted()
    for seq in seqs:
        uncounted = uncounted.adding(seq)
    return uncounted


def test_ranges_grow_and_join() -> None:
    """Whichever message is deleted first."""
    assert adding(4, 7).ranges() == [[4, 4], [7, 7]]
    assert adding(7, 4, 5, 6).ranges() == [[4, 7]]
    assert adding(2, 1, 1).ranges() == [[1, 2]]
    assert Uncounted().ranges() == []


def test_unread_is_what_is_left() -> None:
    """Of the messages above one's own position."""
    uncounted = adding(2, 3, 6)

    assert uncounted.unread(seq=7, read_seq=0) == 4
    assert uncounted.unread(seq=7, read_seq=2) == 3
    assert uncounted.unread(seq=7, read_seq=6) == 1
    assert uncounted.unread(seq=7, read_seq=7) == 0
    assert uncounted.unread(seq=5, read_seq=9) == 0


@given(SEQS, st.integers(0, 60), st.integers(0, 60))
def test_counting_agrees_with_a_set(seqs: list[int], seq: int, read_seq: int) -> None:
    deleted = set(seqs)
    uncounted = adding(*seqs)

    expected = sum(1 for one in range(read_seq + 1, seq + 1) if one not in deleted)
    assert uncounted.unread(seq=seq, read_seq=read_seq) == expected
    named = {one for first, last in uncounted.ranges() for one in range(first, last + 1)}
    assert named == deleted
    assert ALL_COUNTED.including(sorted(deleted)) == uncounted
    assert Uncounted.of(uncounted.ranges()) == uncounted


def test_the_latest_ranges_are_kept() -> None:
    """The older ones count again; never is less unread than there is to read."""
    uncounted = ALL_COUNTED.including(range(2, 2 * MAX_RANGES + 1, 2))
    assert len(uncounted.ranges()) == MAX_RANGES

    later = uncounted.adding(2 * MAX_RANGES + 2)
    assert later.ranges() == [*uncounted.ranges()[1:], [2 * MAX_RANGES + 2] * 2]
    assert later.unread(seq=2, read_seq=0) == 2
    assert later.adding(1) == later


@given(SEQS, SEQS)
def test_many_at_once_are_as_many_one_by_one(earlier: list[int], later: list[int]) -> None:
    """In any order, however often one is named."""
    assert adding(*earlier).including(later) == adding(*earlier, *later)


def test_many_at_once_keep_the_latest_ranges() -> None:
    """As of one by one."""
    uncounted = adding(3).including(range(10, 10 + 4 * MAX_RANGES, 2))
    assert uncounted == ALL_COUNTED.including(range(10, 10 + 4 * MAX_RANGES, 2))
    assert len(uncounted.ranges()) == MAX_RANGES


def test_its_size_is_bounded() -> None:
    """Whatever the numbers; where every other message is deleted, few characters each."""
    widest = range(LARGEST - 2 * MAX_RANGES * 10**12, LARGEST, 10**12)

    assert len(ALL_COUNTED.including(widest).encoded) < MAX_CHARACTERS
    assert len(ALL_COUNTED.including(range(2, 1_001, 2)).encoded) < 5 * MAX_RANGES


def test_ranges_within_others() -> None:
    """As far back as the others reach: older ones are forgotten."""
    few = Uncounted.of([[2, 4], [8, 9]])
    assert Uncounted.of([[2, 2], [9, 9]]).within(few)
    assert Uncounted().within(few)
    assert not Uncounted.of([[1, 2]]).within(few)
    assert not Uncounted.of([[4, 8]]).within(few)
    assert not Uncounted.of([[12, 12]]).within(few)

    many = ALL_COUNTED.including(range(10, 10 + 2 * MAX_RANGES, 2))
    assert few.within(many)
    assert not Uncounted.of([[8, 10]]).within(many)
