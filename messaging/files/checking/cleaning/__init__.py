"""Copies an image without what it does not need to be shown: position, comments, other metadata,
and whatever follows its end.

The pixels are copied as they are. Only known parts are copied, so a file that is also something
else (a polyglot) loses the other half.
"""

from collections.abc import Callable, Mapping

from messaging.files.checking.cleaning import gif, jpeg, png, webp

CLEANERS: Mapping[str, Callable[[bytes, int], bytes]] = {
    "image/gif": gif.clean,
    "image/jpeg": jpeg.clean,
    "image/png": png.clean,
    "image/webp": webp.clean,
}
"""By content type: returns the clean image, given the orientation (1 to 8) that it keeps. Raises
ValueError if the image has another structure."""
