"""The SWOT table in a terminal: what `rivalscope demo` and `rivalscope run` end with."""

from typing import IO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.page_text import plain
from pipeline.report.facts import QUADRANTS, Report

_STYLES = {"strength": "green", "weakness": "red", "opportunity": "blue", "threat": "yellow"}

CLAIMS_SHOWN = 3


def print_swot(report: Report, out: IO[str]) -> None:
    """One row for each brand. Plain text where `out` is no terminal; claims are shown as text, whatever they hold."""
    # A log has no width of its own: 160 columns keep a claim within a few lines.
    console = Console(file=out, width=None if out.isatty() else 160, highlight=False)
    words = report.words
    title = words.say("{market}, as of {day:day}", market=report.run.market_name, day=report.run.day)
    table = Table(title=Text(plain(title)), title_justify="left", show_lines=True)
    table.add_column("", ratio=2, overflow="fold")
    for quadrant in QUADRANTS:
        # A language without spaces folds within its words.
        table.add_column(words.quadrant_names[quadrant], ratio=5, header_style=_STYLES[quadrant], overflow="fold")
    for brand in report.brands:
        name = words.say("{brand} (ours)", brand=brand.name) if brand.own else brand.name
        row = [Text(f"{plain(name)}\n{words.plural('{n} review', '{n} reviews', n=brand.review_count)}")]
        for quadrant in QUADRANTS:
            cells = report.cells_of(brand.brand, quadrant)
            claims = [f"• {plain(cell.claim)}\n  {plain(cell.statistics)}" for cell in cells[:CLAIMS_SHOWN]]
            if len(cells) > CLAIMS_SHOWN:
                claims.append(words.say("… and {n} more in the report", n=len(cells) - CLAIMS_SHOWN))
            row.append(Text("\n".join(claims) or plain(report.empty_text(brand.brand, quadrant)), style="" if cells else "dim"))
        table.add_row(*row)
    console.print(table)
