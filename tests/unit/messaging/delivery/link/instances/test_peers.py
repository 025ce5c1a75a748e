"""The other instances, as their beacons tell."""

from collections.abc import Mapping

from messaging.delivery.link.beacon import REPEATS
from messaging.delivery.link.instances.peers import LEASE_SECONDS, Peers
from messaging.redis.beats import Beating, BeatsRead

OWN = "0a1b2c3d"
_NONE: Mapping[str, float] = {}


def peers_since(moment: float) -> Peers:
    return Peers(moment)


def test_beacons_in_a_row_tell_of_nothing_missed() -> None:
    peers = peers_since(0)

    assert [peers.note_beacon("b", number, float(number)) for number in range(1, 20)] == [None] * 19


def test_fewer_skipped_beacons_than_an_entry_is_repeated_lose_nothing() -> None:
    peers = peers_since(0)
    peers.note_beacon("b", 1, 1)

    assert peers.note_beacon("b", REPEATS, 5) is None


def test_as_many_skipped_beacons_as_an_entry_is_repeated_may_have_lost_it() -> None:
    """What was committed since the last one that was heard has to be looked for."""
    peers = peers_since(0)
    peers.note_beacon("b", 1, 1)

    assert peers.note_beacon("b", 1 + REPEATS, 6) == 1


def test_an_instance_that_was_there_before_is_no_news() -> None:
    """Whoever starts hears the middle of the others' counting."""
    peers = peers_since(100)

    assert peers.note_beacon("b", 5_000, 101) is None


def test_an_instance_first_heard_in_the_middle_of_its_counting_was_missed() -> None:
    peers = peers_since(100)

    assert peers.note_beacon("b", 30, 130) == 100


def test_a_silent_instance_ends_once() -> None:
    """With the moment at which it was heard last."""
    peers = peers_since(0)
    peers.note_beacon("b", 1, 1)
    peers.note_beacon("c", 1, 5)

    assert peers.pop_ended(1 + LEASE_SECONDS) == []
    assert peers.pop_ended(1.1 + LEASE_SECONDS) == [("b", 1)]
    assert peers.pop_ended(1.2 + LEASE_SECONDS) == []


def test_who_says_goodbye_is_not_missed() -> None:
    peers = peers_since(0)
    peers.note_beacon("b", 1, 1)

    peers.goodbye("b")
    peers.note_registered(["b"], 2)  # its entry goes a moment later

    assert peers.pop_ended(100) == []


def test_an_instance_that_ends_before_its_first_beacon_is_missed() -> None:
    """It was in the registry before its first commit."""
    peers = peers_since(0)
    peers.note_registered(["b"], 20)
    peers.note_registered(["b"], 21)

    [(boot_id, since)] = peers.pop_ended(20.1 + LEASE_SECONDS)

    assert boot_id == "b"
    assert since <= 15  # it may have been there since the look before


def test_one_that_stays_in_the_registry_for_a_while_ends_only_once() -> None:
    peers = peers_since(0)
    peers.note_beacon("b", 1, 1)
    assert len(peers.pop_ended(20)) == 1

    peers.note_registered(["b"], 20)

    assert peers.pop_ended(100) == []


def test_after_an_outage_numbers_tell_nothing_and_silence_does() -> None:
    """What was missed is read from the store; who died meanwhile was heard last before it."""
    peers = peers_since(0)
    peers.note_beacon("b", 1, 1)
    peers.note_beacon("c", 1, 1)

    peers.link_restored(60)

    assert peers.note_beacon("b", 60, 61) is None
    assert peers.pop_ended(60 + LEASE_SECONDS) == []
    assert peers.pop_ended(60.1 + LEASE_SECONDS) == [("c", 1)]


def test_a_flood_of_invented_instances_is_bounded() -> None:
    """Those that are known stay known, and one that enters the registry takes the place of an
    invented one."""
    peers = peers_since(0)
    peers.note_beacon("b", 1, 1)
    peers.note_registered(["b"], 1)
    for number in range(10_000):
        peers.note_beacon(f"invented-{number}", 0, 2)
    peers.note_registered(["b", "c"], 3)
    peers.note_beacon("d", 1, 3)  # has not entered the registry, or nobody has looked

    assert len(peers.alive) <= 1_024
    assert {"b", "c"} <= peers.alive
    assert "d" not in peers.alive


def test_instances_of_the_registry_are_missed_before_invented_ones() -> None:
    """Of those that never stood in it only a few are: each costs reads of the store."""
    peers = peers_since(0)
    for number in range(300):
        peers.note_beacon(f"invented-{number}", 0, 1)
    for boot_id in ("b", "c"):
        peers.note_registered([boot_id], 1)
        peers.note_beacon(boot_id, 1, 1)

    ended = [boot_id for boot_id, _ in peers.pop_ended(2 + LEASE_SECONDS)]

    assert {"b", "c"} <= set(ended)
    assert len(ended) <= 6
    assert peers.alive == frozenset()
    assert peers.pop_ended(3 + LEASE_SECONDS) == []


def test_a_flood_of_goodbyes_is_forgotten() -> None:
    """An invented instance may say goodbye as often as it likes; real ones go on being missed."""
    peers = peers_since(0)
    for number in range(10_000):
        peers.goodbye(f"invented-{number}")
    peers.note_registered(["b"], 1)

    assert peers.alive == {"b"}
    assert [boot_id for boot_id, _ in peers.pop_ended(2 + LEASE_SECONDS)] == ["b"]


def test_a_goodbye_in_the_name_of_somebody_else_makes_nobody_look() -> None:
    """Its beacons go on where they were. Without signatures anybody may say goodbye."""
    peers = peers_since(0)
    for number in range(1, 100):
        assert peers.note_beacon("b", number, float(number)) is None
        peers.goodbye("b")
        assert peers.alive == frozenset()

    assert peers.note_beacon("b", 100, 100) is None
    assert peers.alive == {"b"}


def test_who_was_silent_after_a_goodbye_is_looked_for_since_then() -> None:
    """Not since this instance began to listen."""
    peers = peers_since(0)
    for number in range(1, 100):
        peers.note_beacon("b", number, float(number))
    peers.goodbye("b")

    assert peers.note_beacon("b", 99 + REPEATS, 110) == 99


def test_invented_instances_make_nobody_look_more_often_than_in_ten_seconds() -> None:
    """A real one that is not in the registry is looked for with a later beacon."""
    peers = peers_since(100)
    looks = [
        peers.note_beacon(f"invented-{one}", 30 + one, 130 + one / 100) for one in range(1_000)
    ]
    assert [look for look in looks if look is not None] == [100]

    assert peers.note_beacon("d", 200, 139) is None
    assert "d" not in peers.alive
    assert peers.note_beacon("d", 202, 141) == 100
    assert "d" in peers.alive


def test_goodbyes_of_invented_instances_do_not_make_a_real_one_forgotten() -> None:
    """Also where many have said so."""
    peers = peers_since(0)
    peers.note_beacon("b", 50, 1)
    for one in range(2_000):
        peers.goodbye(f"invented-{one}")
    peers.goodbye("b")

    assert peers.note_beacon("b", 51, 60) is None


# Beats: the beacons of many instances do not arrive here


def beats(*boot_ids: str, silent: Mapping[str, float] = _NONE) -> BeatsRead:
    """A read with the names of all instances, which are quiet."""
    return BeatsRead(silent=silent, everyone=dict.fromkeys(boot_ids, Beating(2, OWN, quiet=True)))


def silence(silent: Mapping[str, float] = _NONE) -> BeatsRead:
    """A read without names."""
    return BeatsRead(silent=silent, everyone=None)


def among(*boot_ids: str) -> Peers:
    peers = peers_since(0)
    peers.note_registered(boot_ids, 1)
    peers.note_beats(beats(*boot_ids), 1)
    return peers


def test_instances_live_while_they_beat() -> None:
    peers = among("b", "c")

    for second in range(2, 60):
        assert peers.note_beats(silence(), float(second)) is None
        assert peers.pop_ended(float(second)) == []

    assert peers.alive == {"b", "c"}


def test_an_instance_that_no_longer_beats_ends_once() -> None:
    """Eight seconds after its last beat, with that moment."""
    peers = among("b", "c")
    ended = []
    for second in range(2, 40):
        silent = {} if second < 10 else {"b": second - 10.0}
        peers.note_beats(beats("b", "c", silent=silent), float(second))
        ended += [(second, *end) for end in peers.pop_ended(float(second))]

    assert ended == [(19, "b", 10.0)]
    assert peers.alive == {"c"}


def test_commits_of_an_instance_that_was_silent_are_looked_for() -> None:
    """Since its last beat: it may have been connected to another Redis meanwhile."""
    peers = among("b")
    peers.note_beats(silence(), 10)
    for second in (11, 12, 13, 14, 15):
        assert peers.note_beats(silence({"b": second - 10.0}), second) is None

    assert peers.note_beats(silence(), 16) == 10


def test_a_short_silence_is_covered_by_reports() -> None:
    peers = among("b")
    for second, age in ((2, 0.0), (3, 1.0), (4, 2.0), (5, 3.0), (6, 4.0), (7, 0.0)):
        assert peers.note_beats(silence({"b": age} if age else {}), second) is None


def test_an_instance_that_ended_and_beats_again_was_missed() -> None:
    peers = among("b")
    for second in range(11, 30):
        peers.note_beats(beats("b", silent={"b": second - 10.0}), second)
        peers.pop_ended(second)
    assert peers.alive == frozenset()

    assert peers.note_beats(beats("b"), 30) == 10
    assert peers.alive == {"b"}


def test_a_goodbye_counts_until_the_names_are_read() -> None:
    """Its beat is removed with it. One in the name of somebody else makes nobody look."""
    peers = among("b", "c")
    peers.goodbye("b")

    assert peers.note_beats(silence(), 2) is None
    assert peers.alive == {"c"}
    assert peers.note_beats(beats("c"), 3) is None
    assert peers.alive == {"c"}

    peers.goodbye("c")
    assert peers.note_beats(beats("c"), 4) is None
    assert peers.alive == {"c"}


def test_while_beats_cannot_be_read_nobody_ends() -> None:
    """Redis may refuse every write. Afterwards what was missed meanwhile is looked for."""
    peers = among("b", "c")
    peers.note_beats(silence(), 10)

    assert peers.pop_ended(60) == []
    assert peers.note_beats(beats("b", "c", silent={"b": 45.0}), 60) == 8
    assert [boot_id for boot_id, _ in peers.pop_ended(60)] == ["b"]
    assert peers.alive == {"c"}


def test_beacons_go_to_all_while_there_are_few_instances() -> None:
    peers = among("b", "c")

    assert not peers.need_no_beacons(20, most=3)
    assert peers.need_no_beacons(20, most=2)


def test_beacons_go_to_all_while_an_instance_needs_them() -> None:
    """It runs an earlier release, which does not beat."""
    peers = among("b", "c")
    assert peers.need_no_beacons(20, most=0)

    peers.note_beacon("old", 1, 20, needs_beacons=True)
    assert not peers.need_no_beacons(20, most=0)

    peers.goodbye("old")
    assert peers.need_no_beacons(21, most=0)


def test_beacons_go_to_all_until_everybody_had_time_for_one() -> None:
    """And while there is no Redis that accepts beats."""
    assert not among("b").need_no_beacons(1, most=0)
    assert not peers_since(0).need_no_beacons(20, most=0)


def test_beacons_that_begin_again_go_on_in_their_numbers() -> None:
    """Those to the sender alone are not counted, so nothing was missed."""
    peers = among("b")
    peers.note_beacon("b", 7, 2)
    for second in range(3, 100):
        peers.note_beats(silence(), second)

    assert peers.note_beacon("b", 8, 100) is None


def test_other_addresses_are_noticed() -> None:
    """Until the instance has ended, by its beats, which say which addresses it has."""
    peers = among("b")
    assert not peers.use_other_addresses(OWN)
    assert peers.use_other_addresses("ffffffff")

    peers.goodbye("b")
    assert not peers.use_other_addresses("ffffffff")


def test_an_earlier_release_has_one_address() -> None:
    """If it is in the registry: anybody could invent its beacon."""
    peers = among("b")
    peers.note_beacon("invented", 1, 2, needs_beacons=True)
    peers.note_registered(["b", "c"], 2)  # `c` was not heard yet
    assert not peers.use_other_addresses(OWN)

    peers.note_registered(["b", "c", "invented"], 3)
    assert peers.use_other_addresses(OWN)


def test_beats_say_nothing_of_an_instance_that_sends_beacons() -> None:
    """Its beacons have its commits. If they do not arrive it counts as ended, and what it has
    committed since the last one that did is looked for."""
    peers = peers_since(0)
    peers.note_registered(["b"], 1)
    loud = BeatsRead(silent={}, everyone={"b": Beating(2, OWN)})
    peers.note_beacon("b", 1, 1)
    for second in range(2, 9):
        assert peers.note_beats(loud, second) is None
    assert peers.note_beacon("b", 8, 9) == 1

    for second in range(10, 20):
        assert peers.note_beats(loud, second) is None
    assert peers.pop_ended(20) == [("b", 9)]
