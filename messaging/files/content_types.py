"""Content types: which exist, which a browser may show inline, and how a download is named."""

from urllib.parse import quote

from messaging.files.storage import Served

IMAGES = frozenset({"image/gif", "image/jpeg", "image/png", "image/webp"})
"""The images that can be checked, cleaned of position data, and shown as a thumbnail."""
THUMBNAIL_TYPE = "image/webp"
TEXTS = frozenset({"application/json", "text/calendar", "text/csv", "text/markdown", "text/plain"})
MARKUP = frozenset(
    {"application/xhtml+xml", "application/xml", "image/svg+xml", "text/html", "text/xml"}
)
"""Types that may contain scripts. They are never shown inline."""
_OFFICE = "application/vnd.openxmlformats-officedocument"

DEFAULT_TYPES = (
    *sorted(IMAGES),
    *("audio/flac", "audio/mp4", "audio/mpeg", "audio/ogg", "audio/wav", "audio/webm"),
    *("video/mp4", "video/ogg", "video/quicktime", "video/webm"),
    *("application/pdf", "application/zip"),
    *(
        f"{_OFFICE}.wordprocessingml.document",
        f"{_OFFICE}.spreadsheetml.sheet",
        f"{_OFFICE}.presentationml.presentation",
    ),
    *sorted(TEXTS),
)
"""The types that people may attach, unless the setting `CHAT_FILES_TYPES` names others."""

ZIP_MEMBERS = {
    f"{_OFFICE}.wordprocessingml.document": b"word/",
    f"{_OFFICE}.spreadsheetml.sheet": b"xl/",
    f"{_OFFICE}.presentationml.presentation": b"ppt/",
}
"""The folder that a document of Office has inside."""

SNIFFED_AS = {
    "audio/flac": {"audio/flac", "audio/x-flac"},
    "audio/mp4": {"audio/mp4", "audio/x-m4a", "video/mp4"},
    "audio/mpeg": {"audio/mpeg", "audio/mp3"},
    "audio/ogg": {"application/ogg", "audio/ogg"},
    "audio/wav": {"audio/wav", "audio/wave", "audio/x-wav"},
    "audio/webm": {"audio/webm", "video/webm"},
    "application/zip": {"application/zip", *ZIP_MEMBERS},
    "video/mp4": {"video/mp4", "video/x-m4v"},
    "video/ogg": {"application/ogg", "video/ogg"},
    **{name: {name, "application/zip"} for name in ZIP_MEMBERS},
}
"""What the first bytes of a type may be taken for. The other types are taken for themselves."""
CHECKED = frozenset(DEFAULT_TYPES) | MARKUP
"""The types whose content can be checked. The setting may name only these."""


def is_inline(content_type: str) -> bool:
    """Return whether a browser may show it: raster images, audio, video and PDF."""
    kind, _, _ = content_type.partition("/")
    return content_type in IMAGES or kind in {"audio", "video"} or content_type == "application/pdf"


def served_as(content_type: str, filename: str) -> Served:
    """Return how a file is served. The name is in the form of RFC 6266, which any name fits."""
    kind = "inline" if is_inline(content_type) else "attachment"
    return Served(
        content_type=content_type,
        disposition=f"{kind}; filename*=UTF-8''{quote(filename, safe='')}",
    )
