"""Read what an organiser puts on the first page of a challenge."""

from __future__ import annotations

from pathlib import Path

from anomed_core.config import ChallengeTable
from anomed_core.errors import ConfigError
from anomed_core.model import ChallengePages

IMAGE_TYPES = {
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
}
_LARGEST_TEXT = 256 * 1024
_LARGEST_IMAGE = 2 * 1024 * 1024


def read_pages(table: ChallengeTable) -> ChallengePages:
    """Return story, rules and picture of a challenge, read once at the start.

    Raises
    ------
    ConfigError
        If a file is missing, too large, no UTF-8, or no picture of a known sort.
    """
    files, key = table.pages, f"challenges.{table.id}.pages"
    image_type = ""
    if files.image is not None:
        image_type = IMAGE_TYPES.get(files.image.suffix.lower(), "")
        if not image_type:
            raise ConfigError(
                f"{key}.image",
                f"{files.image} is no picture that pages show; give one of "
                f"{', '.join(sorted(IMAGE_TYPES))}",
            )
    return ChallengePages(
        story=_text(files.story, f"{key}.story"),
        rules=_text(files.rules, f"{key}.rules"),
        image=_content(files.image, f"{key}.image", _LARGEST_IMAGE),
        image_type=image_type,
        image_alt=files.image_alt,
    )


def _text(path: Path | None, key: str) -> str:
    content = _content(path, key, _LARGEST_TEXT)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(key, f"{path} is no UTF-8; save it as such") from error


def _content(path: Path | None, key: str, most: int) -> bytes:
    if path is None:
        return b""
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError(key, f"there is no file {path} (looked from {Path.cwd()})") from error
    except OSError as error:
        raise ConfigError(key, f"{path} cannot be read: {error}") from error
    if len(content) > most:
        raise ConfigError(key, f"{path} has {len(content):,} bytes; at most {most:,} are allowed")
    return content
