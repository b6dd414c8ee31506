"""How the cost of a piece of work grows with what it is given: two readings are held against each other, none against a clock."""

import re
import time
from collections.abc import Callable

from pipeline.text.wording.matcher import TRIAL_SECONDS, trial


def in_proportion(work: Callable[[int], object], largest: int, *, tries: int = 6) -> bool:
    """Whether `work(largest)` costs about four times what `work(largest // 4)` does, and not sixteen times, as what grows with the square.

    A busy machine only ever adds to a cost, so the least of several readings counts, and no more are taken once they agree. What
    costs less than a twentieth of a second of a processor is in proportion to anything.
    """
    work(largest // 64)  # what is loaded once is no part of it
    small = large = float("inf")
    for _ in range(tries):
        small, large = min(small, _spent(work, largest // 4)), min(large, _spent(work, largest))
        if large < 8 * small + 0.05:
            return True
    return False


def _spent(work: Callable[[int], object], size: int) -> float:
    began = time.process_time()
    work(size)
    return time.process_time() - began


def costs_little(pattern: str) -> bool:
    """Whether a pattern stays within matcher's limit on text made to hurt it: one that backtracks breaks it each time, a pause of the
    machine or of the garbage collector once."""
    return any(trial(re.compile(pattern))[0] < TRIAL_SECONDS for _ in range(3))
