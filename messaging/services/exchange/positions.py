"""Read positions in a dump."""

from dataclasses import replace

from messaging.domain.participant import ReadPosition


def position_up_to(position: ReadPosition, seq: int) -> ReadPosition:
    """Return a position in a conversation whose latest message is `seq`. Positions are read later
    than the conversation, and people go on."""
    flags = position.flags
    if max(flags.marked_unread or 0, flags.marked_read_seq or 0) > seq:
        flags = replace(flags, marked_unread=None, marked_read_seq=None)
    if flags.archived_seq is not None:
        flags = replace(flags, archived_seq=min(flags.archived_seq, seq))
    return replace(
        position,
        read_seq=min(position.read_seq, seq),
        delivered_seq=min(position.delivered_seq, seq),
        flags=flags,
    )
