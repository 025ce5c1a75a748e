"""Checks an image with Pillow, and makes its thumbnail. Only the worker process calls this."""

import io
import warnings
from typing import Any

from PIL import Image

from messaging.files.checking.cleaning import CLEANERS
from messaging.files.checking.cleaning.orientation import UPRIGHT
from messaging.files.checking.findings import Refused, unreadable_image

MAX_PIXELS = 64_000_000
"""Decoded, this is 256 MB. It is more than the cameras of most phones have."""
_MAX_SIDE = 65_535
THUMBNAIL_PIXELS = 512
"""The most pixels of each side of a thumbnail."""
_FORMATS = {
    "image/gif": "GIF",
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WEBP",
}
_TURNABLE = {"image/jpeg", "image/webp"}
"""The formats whose viewers respect the orientation. In a PNG it would be searched behind all
pixels."""
_ORIENTATION = 0x0112
_TURNED = range(5, 9)
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What shows an image of each orientation upright."""
_MAX_PROFILE_BYTES = 16 * 1024
"""A larger colour profile does not belong into a thumbnail."""


def check_image(data: bytes, content_type: str) -> tuple[bytes, bytes, int, int]:
    """Return the clean image, its thumbnail, its width and its height. Raises Refused."""
    Image.MAX_IMAGE_PIXELS = None  # the size is checked here, before anything is decoded
    warnings.simplefilter("ignore")  # Pillow warns of odd files; each is either read or refused
    try:
        return _check(data, content_type)
    except Refused:
        raise
    except MemoryError as error:
        raise unreadable_image("it needs too much memory") from error
    except Exception as error:  # Pillow raises almost anything for a broken file
        raise unreadable_image("it is broken or incomplete") from error


def _check(data: bytes, content_type: str) -> tuple[bytes, bytes, int, int]:
    # First, for Pillow takes long for an image of many small parts.
    clean = CLEANERS[content_type](data, UPRIGHT)
    orientation = UPRIGHT
    if content_type in _TURNABLE:
        with _opened(data, content_type) as image:
            orientation = _orientation_of(image)
    if orientation != UPRIGHT:
        clean = CLEANERS[content_type](data, orientation)
    with _opened(clean, content_type) as image:
        width, height = image.size
        if orientation in _TURNED:
            width, height = height, width
        return clean, _thumbnail(image, orientation), width, height


def _opened(data: bytes, content_type: str) -> Any:
    image = Image.open(io.BytesIO(data), formats=[_FORMATS[content_type]])
    width, height = image.size
    if not (0 < width <= _MAX_SIDE and 0 < height <= _MAX_SIDE and width * height <= MAX_PIXELS):
        raise unreadable_image(f"it has more than {MAX_PIXELS // 1_000_000} million pixels")
    return image


def _orientation_of(image: Any) -> int:
    try:
        orientation = image.getexif().get(_ORIENTATION, UPRIGHT)
    except Exception:  # noqa: BLE001 - broken metadata, which is dropped anyway
        return UPRIGHT
    return orientation if orientation in range(1, 9) else UPRIGHT


def _thumbnail(image: Any, orientation: int) -> bytes:
    """Return the upright thumbnail of the first frame. This decodes the whole frame."""
    image.draft("RGB", (2 * THUMBNAIL_PIXELS, 2 * THUMBNAIL_PIXELS))
    image.load()
    profile = image.info.get("icc_profile")
    transparent = "A" in image.getbands() or "transparency" in image.info
    small = image.convert("RGBA" if transparent else "RGB")
    small.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
    if orientation in _TURNS:
        small = small.transpose(_TURNS[orientation])
    if profile is not None and len(profile) > _MAX_PROFILE_BYTES:
        profile = None
    file = io.BytesIO()
    small.save(file, "WEBP", quality=75, method=2, icc_profile=profile)
    return file.getvalue()
