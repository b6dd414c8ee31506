"""The memory that a crawl takes: Scrapy's own watch, by a figure that begins with the crawl.

Scrapy asks for the peak that getrusage knows, and Linux lets a child begin with the peak of the process that started it: a crawl started by
a large one was ended for memory that it never had. The kernel's own peak (`VmHWM`) is the crawl's.
"""

from pathlib import Path

from scrapy.extensions.memusage import MemoryUsage as ScrapysMemoryUsage

_STATUS = Path("/proc/self/status")


class MemoryUsage(ScrapysMemoryUsage):
    """In place of Scrapy's; the same settings."""

    def get_virtual_size(self) -> int:
        """Peak of resident memory in bytes; Scrapy's figure where the system has no /proc."""
        if not _STATUS.exists():
            return super().get_virtual_size()
        peak = next(line for line in _STATUS.read_text("ascii", "replace").splitlines() if line.startswith("VmHWM:"))
        return int(peak.split()[1]) * 1024
