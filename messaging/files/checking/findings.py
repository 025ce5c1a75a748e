"""What a check finds: the facts of a file, or why it is refused."""

from dataclasses import dataclass


class Refused(Exception):
    """The file is refused. The code is public."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The facts of a file that is fit to be served."""

    size: int
    """Of the stored file, in bytes. Cleaning may have made it smaller than the uploaded one."""
    width: int | None = None
    height: int | None = None
    """Of an image, in pixels, as it is shown: turned by its orientation."""
    has_thumbnail: bool = False


def type_mismatch(content_type: str) -> Refused:
    return Refused(
        "type_mismatch", f"The content is not {content_type}. Upload a file of the announced type."
    )


def unreadable_image(reason: str) -> Refused:
    return Refused("unreadable_image", f"The image cannot be read: {reason}.")
