"""What a spreadsheet would take for a formula or a command if somebody typed it, or opened it in a CSV file: text from outside may try."""

_SIGNS = frozenset("=+-@＝＋－＠")  # the full-width ones too: Japanese Excel takes them so


def could_run(text: str) -> bool:
    return text.lstrip()[:1] in _SIGNS or text[:1] in {"\t", "\r", "\n"}
