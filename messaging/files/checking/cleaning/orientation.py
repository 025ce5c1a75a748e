"""The only metadata that an image keeps: how it must be turned."""

UPRIGHT = 1


def exif_of(orientation: int) -> bytes:
    """Return the smallest Exif block that says nothing but the orientation
    (https://www.cipa.jp/std/documents/e/DC-X008-Translation-2019-E.pdf, 4.6.4)."""
    return (
        b"MM\x00\x2a\x00\x00\x00\x08"  # big-endian TIFF, the first directory follows
        b"\x00\x01"  # of one entry:
        b"\x01\x12\x00\x03\x00\x00\x00\x01" + orientation.to_bytes(2) + b"\x00\x00"
        b"\x00\x00\x00\x00"  # no further directory
    )
