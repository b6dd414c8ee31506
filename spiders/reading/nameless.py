"""Addresses that name who wrote: an author's name lands as a keyed hash only, so it must not stand in the clear beside it."""

from urllib.parse import unquote, urlsplit


def names_author(address: str, author: str | None) -> bool:
    """Whether a step of the address's path is a handle (`/@jane/`), or the author's name as the source prints it (`/jane/`).

    The host is not looked at: a brand's own pages are mostly written under its own name.
    """
    try:
        path = urlsplit(address).path
    except ValueError:
        path = address
    name = _plain((author or "").strip().removeprefix("/u/"))
    steps = [unquote(step).strip() for step in path.split("/")]
    return any(step.startswith("@") or (name and _plain(step) == name) for step in steps)


def _plain(name: str) -> str:
    return name.removeprefix("@").casefold()
