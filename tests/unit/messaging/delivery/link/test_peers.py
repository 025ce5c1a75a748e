"""The other instances, as their beacons tell."""

from messaging.delivery.link.beacon import REPEATS
from messaging.delivery.link.peers import LEASE_SECONDS, Peers


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

    assert len(peers.alive) <= 256
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
