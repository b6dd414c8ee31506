"""The memory that a crawl takes: Scrapy's own watch, by a figure that begins with the crawl.

Scrapy asks for the peak that getrusage knows, and Linux lets a child begin with the peak of the process that started it: a crawl started by
a large one was ended for memory that it never had. The kernel's own peak (`VmHWM`) is the crawl's.
"""

from pathlib import Path

from scrapy.extensions.memusage import MemoryUsage as ScrapysMemoryUsage

_STATUS = Path("/proc/self/status")


def peak() -> int | None:
    """Peak of this process's resident memory in bytes; None where the system has no /proc."""
    if not _STATUS.exists():
        return None
    line = next(line for line in _STATUS.read_text("ascii", "replace").splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


class MemoryUsage(ScrapysMemoryUsage):
    """In place of Scrapy's; the same settings."""

    def get_virtual_size(self) -> int:
        """`peak`; Scrapy's figure where there is none."""
        return peak() or super().get_virtual_size()
