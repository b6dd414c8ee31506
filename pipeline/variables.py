"""Environment variables in a market file: `${NAME}` and `${NAME:-default}`. One without a default is taken for a secret."""

import os
import re
from typing import Any

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")

MIN_SECRET_LENGTH = 8
"""Shorter values are no keys, and replacing them would garble messages that hold them by chance."""


def expanded(text: str) -> str:
    """The text with each variable's value in its place. Raises ValueError, which says what is expected, for one that is not set."""

    def value(match: re.Match[str]) -> str:
        name, default = match.groups()
        found = os.environ.get(name, default)
        if found is None:
            raise ValueError(f"the environment variable {name} to be set (the text uses ${{{name}}})")
        return found

    return _VARIABLE.sub(value, text)


def expanded_all(value: Any) -> Any:
    """The same in every text of an `options` table: keys of an API belong into the environment, not into a file under git."""
    match value:
        case str():
            return expanded(value)
        case dict():
            return {key: expanded_all(each) for key, each in value.items()}
        case list():
            return [expanded_all(each) for each in value]
    return value


def with_defaults(text: str) -> str:
    """The text as it may be shown: variables that have a default filled in, the others as written."""
    return _VARIABLE.sub(lambda match: match[0] if match[2] is None else os.environ.get(match[1], match[2]), text)


def secrets_in(value: Any) -> dict[str, str]:
    """Variable to value, of those without a default in any text of a url or `options` table."""
    match value:
        case str():
            named = {match[1]: os.environ.get(match[1], "") for match in _VARIABLE.finditer(value) if match[2] is None}
            return {name: found for name, found in named.items() if len(found) >= MIN_SECRET_LENGTH}
        case dict():
            return {name: found for each in value.values() for name, found in secrets_in(each).items()}
        case list():
            return {name: found for each in value for name, found in secrets_in(each).items()}
    return {}
