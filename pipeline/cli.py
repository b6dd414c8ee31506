"""The command line: `rivalscope COMMAND`. Each room is a command, and a task of the DAG is one of these commands.

Exit codes: 0 done; 1 it was tried and something is wrong (the message says what); 2 the command was not understood; 3, of gather alone,
trying again is of no use; 130 it was stopped.
"""

import argparse
import importlib
import re
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

from pipeline import log

_EPILOG = """examples:
  rivalscope run markets/demo.toml            gather, load, score, swot, report, publish, deliver in one go
  rivalscope targets markets/demo.toml        what gather would run
  rivalscope gather markets/demo.toml --target northpan.reviews.schema_org
  rivalscope parse faq page.html --url https://shop.example/faq
  rivalscope up                               Airflow on 127.0.0.1:8080, one DAG for each market file
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code; everything that people should read goes to stderr, through `log`."""
    options = _options(arguments)
    # A command that Airflow or a person ends stops its children on the way out.
    signal.signal(signal.SIGTERM, _interrupted)
    log.begin(options.command)
    try:
        return _command(options.function)(options, log.info)
    except KeyboardInterrupt:
        log.end("rivalscope: stopped. What has landed stays; name the run with --run to go on where it was.", "warning")
        return 130
    except BrokenPipeError:
        return 1
    except Exception as error:  # the outermost place: a person reads it
        if options.traceback:
            if not log.is_json():
                raise
            log.end(traceback.format_exc(), "error")
            return 1
        foreseen = isinstance(error, ValueError | OSError | RuntimeError)
        said = (
            str(error)
            if foreseen
            else f"{type(error).__name__}: {error}\nThis should not happen; --traceback shows where it did."
        )
        log.end(f"rivalscope {options.command}: {said}", "error")
        return 1


class _Parser(argparse.ArgumentParser):
    """Whose mistakes are lines of the log too, where that is JSON."""

    def error(self, message: str) -> NoReturn:
        if not log.is_json():
            super().error(message)
        log.begin(self.prog)
        log.end(f"{message}; `{self.prog} --help` says what is expected", "error")
        sys.exit(2)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    # argparse does not take a last word that may be left out where an option stands before it: sql MARKET --csv "select ..."
    if len(rest) == 1 and not rest[0].startswith("-") and getattr(options, "query", "") is None:
        options.query, rest = rest[0], []
    if rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    return options


def _command(name: str) -> Callable[[argparse.Namespace, Callable[[str], None]], int]:
    """A command's function; its module is imported only now, so that no command waits for another's libraries."""
    module, function = name.split(":")
    found = getattr(importlib.import_module(module), function)
    return lambda options, progress: found(options, progress) or 0


def _interrupted(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"expected an ISO 8601 time such as 2026-05-31 or 2026-05-31T06:00:00Z, found {text!r}"
        ) from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _span(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,6}(?:\.\d+)?)([mhd])", text)
    if found is None or not float(found[1]):
        raise argparse.ArgumentTypeError(f"expected a span such as 90m, 36h or 8d, found {text!r}")
    return float(found[1]) * {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}[found[2]]


def _count(text: str) -> int:
    if not re.fullmatch(r"\d{1,6}", text):
        raise argparse.ArgumentTypeError(f"expected a number of 0 or more, found {text!r}")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="rivalscope",
        description="Watches the competitors in a market and says, with evidence, how customers experience each of them.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, function: str, short: str, long: str = "") -> argparse.ArgumentParser:
        added = commands.add_parser(
            name, help=short, description=f"{short}\n\n{long}".strip(), formatter_class=argparse.RawDescriptionHelpFormatter
        )
        added.set_defaults(function=function)
        added.add_argument("--traceback", action="store_true", help="show where in the code an error arose")
        return added

    def room(name: str, short: str, long: str = "") -> argparse.ArgumentParser:
        added = command(name, f"pipeline.rooms:{name}", short, long)
        added.add_argument("market", type=Path, help="the market file, e.g. markets/demo.toml")
        added.add_argument(
            "--data", type=Path, metavar="DIR", help="where everything of this market is kept (default: data/<market>)"
        )
        added.add_argument("--run", metavar="ID", help="which run (default: the newest; run and gather begin a new one)")
        added.add_argument(
            "--as-of",
            type=_moment,
            metavar="T",
            help="ISO 8601, a date alone is midnight UTC: the moment that the run speaks of; reviews published later and runs as of later do not count (default: now)",
        )
        return added

    room(
        "run",
        "The whole job without Airflow: gather, load, score, swot, report, publish.",
        "A source that fails does not stop the others: the report says what is missing, and the exit code is 1.\n"
        "Ended at any moment, the same command again gives the same tables.",
    )
    added = room(
        "gather",
        "Fetch or read the market's sources into landing files.",
        "A crawl that cannot be trusted (errors, too few records, a refusal) goes to rejected/ with the reason and changes no table.\n"
        "A source that has landed in this run is left alone.\n\n"
        "Exit codes: 0 everything has landed; 1 something has not, and may if it is tried again in a while (no connection, no answer in\n"
        "time, a server's error 5xx); 3 something has not, and trying again is of no use before somebody has looked (refused by robots.txt\n"
        "or the site, layout gone, implausible, not there (404), a file or an option that is wrong); 130 stopped.",
    )
    added.add_argument(
        "--target", action="append", metavar="ID", help="only this one (see `rivalscope targets`); may be repeated"
    )
    added = room(
        "accept",
        "Land a crawl that its monitors rejected, after you have looked at the page and found it right.",
        "The crawl counts as good from then on. What was rejected for anything else is not accepted: correct the cause and gather again.",
    )
    added.add_argument("target", metavar="TARGET", help="see `rivalscope targets`")
    room("load", "Build a new private database file from the landing files: raw.* as seen, core.* one row per real thing.")
    room("score", "Score what is new by sentence: language, sentiment, themes. Known texts come from the score store.")
    added = room(
        "swot",
        "Metrics, tests and the SWOT cells with their evidence.",
        "With --as-of alone it says what was known at T: load, score and swot from the landing files of runs up to T, apart from what is\n"
        "published. The cells go to stdout as sorted JSON, the same bytes for the same landing files whenever it is asked.",
    )
    added.add_argument(
        "--out", type=Path, metavar="DIR", help="with --as-of: write cells.json, the report and warehouse.duckdb there"
    )
    added = room(
        "report",
        "Write the run's report: HTML, PowerPoint, XLSX, Markdown and JSON; or open it.",
        "With --open nothing is written where the report is there: without --run it is the one that was published last.",
    )
    added.add_argument("--open", action="store_true", help="open it in the browser, and print where it lies")
    added.add_argument(
        "--language", choices=("en", "ko", "ja"), help="with --open: which of its languages (default: the market file's first)"
    )
    room(
        "publish",
        "Check the build, swap it in as warehouse.duckdb and write Parquet beside it.",
        "A failed check keeps the published file as it is. Readers never meet a lock or half a build.",
    )
    _delivery(room)
    added = room(
        "outcome",
        "The run at a glance: which sources answered, what each room made and took, and what is missing; exit 1 if anything is.",
        "Of a run that ended before publish it says how far it came, and exits 1.",
    )
    added.add_argument("--json", action="store_true", help="as one line of JSON")
    _narrowing(added, "exit 1 only if something is missing of these brands and targets")

    _over_what_was_crawled(command, room)
    _health(command)

    added = command("targets", "pipeline.rooms:targets", "Show what gather would run: one line for each crawl.")
    added.add_argument("market", type=Path)
    added.add_argument("--json", action="store_true", help="as one line of JSON")
    _narrowing(added, "only these brands and targets")

    _over_one_page(command)
    _label(command)

    added = command(
        "up", "pipeline.rooms:up", "Run Airflow: UI on 127.0.0.1:8080, one DAG for each market file, paused until you say so."
    )
    added.add_argument("--port", type=int, default=8080)

    added = command(
        "demo",
        "pipeline.rooms:demo",
        "Serve the demo market on loopback, run its DAG, and print the SWOT table.",
        "No key and no network: an own brand and three rivals, invented, with planted truth for the report to find.",
    )
    added.add_argument("--serve", action="store_true", help="only serve the demo web until Ctrl-C")
    added.add_argument("--port", type=int, default=8765, help="of the demo web (default: 8765)")
    return parser


def _narrowing(added: argparse.ArgumentParser, what: str) -> None:
    added.add_argument(
        "--only",
        default="",
        metavar="NAMES",
        help=f"{what}, with commas in between, such as northpan,tassbrook.reviews.schema_org",
    )


def _delivery(room: Callable[..., argparse.ArgumentParser]) -> None:
    added = room(
        "deliver",
        "Send the published run's report and its alerts to the recipients of the market file.",
        "Nothing is sent twice; a recipient who cannot be reached costs the others nothing. Exits 1 where something did not arrive.\n"
        "What waits for the end of a recipient's quiet hours is no failure. docs/ops.md says how to set it up.",
    )
    added.add_argument("--to", action="append", metavar="NAME", help="only this recipient; may be repeated")
    added.add_argument("--held", action="store_true", help="only to those for whom something was held back in their quiet hours")
    added.add_argument("--dry-run", action="store_true", help="print what would be sent, and send and note nothing")


def _health(command: Callable[..., argparse.ArgumentParser]) -> None:
    added = command(
        "health",
        "pipeline.health:health",
        "Say whether each market is alive: overdue runs, dead sources, what did not go out.",
        "For cron, Kubernetes probes and uptime monitors: it reads the files alone, asks neither Airflow nor a network, and takes no lock.\n"
        "A market with a schedule must be published deadline_hours (of its market file) after each of its moments.\n"
        "Exit codes: 0 all is well, 1 something is wrong, 2 the command was not understood. docs/ops.md has examples.",
    )
    added.add_argument("markets", type=Path, metavar="MARKET", nargs="*", help="market files (default: all of markets/)")
    added.add_argument("--data", type=Path, metavar="DIR", help="of one market (default: data/<market>)")
    added.add_argument("--json", action="store_true", help="as one line of JSON")
    added.add_argument(
        "--quiet", action="store_true", help="print nothing when all is well: cron sends mail when there is something"
    )
    added.add_argument(
        "--max-age",
        type=_span,
        metavar="SPAN",
        help="how old what is published may be, such as 90m, 36h or 8d, in the place of the schedule's deadline; a market without a schedule is "
        "judged by this alone",
    )
    added.add_argument(
        "--failures",
        type=_count,
        default=2,
        metavar="N",
        help="runs in a row in which a source may fail; one more, and it is a problem (default: 2)",
    )
    added.add_argument("--now", type=_moment, metavar="T", help="judge as if it were T, ISO 8601: for drills (default: now)")


def _over_one_page(command: Callable[..., argparse.ArgumentParser]) -> None:
    added = command(
        "parse",
        "pipeline.parse:parse",
        "Parse one saved page and print its records as JSON lines.",
        "Prints nothing and exits 0 where the page holds no record; exits 1 where it is not what the source expects.",
    )
    added.add_argument("kind", choices=("reviews", "faq", "ranking", "contact", "mentions"))
    added.add_argument("file", type=Path, metavar="FILE", help="the saved page; - for standard input")
    added.add_argument("--url", required=True, help="where the page was seen")
    added.add_argument("--source", metavar="NAME", help="module name (default: found from the page itself)")
    added.add_argument(
        "--profile",
        metavar="NAME",
        help="of an export's columns, see spiders/tables/table_profiles.toml (default: found by them)",
    )
    added.add_argument(
        "--key-file", type=Path, help="key of the author hashes (default: data/.secrets/author.key, made on first use)"
    )

    added = command(
        "freeze",
        "pipeline.parse:freeze",
        "Keep one page as a test case of its source.",
        "Saves the page under tests/pages/<source>/ for you to cut down and to replace names in; the test then writes the records\n"
        "it finds beside it and fails until you have read them. A web address is fetched politely, robots.txt obeyed.",
    )
    added.add_argument("source", metavar="SOURCE", help="module name, e.g. schema_org")
    added.add_argument("page", metavar="URL|FILE")
    added.add_argument("--case", metavar="NAME", help="name of the case (default: from the address)")
    added.add_argument("--contact", help="your address for the site's owner; needed to fetch a URL")
    added.add_argument(
        "--allow-host", action="append", default=[], metavar="HOST[:PORT]", help="a private address that may be fetched"
    )
    added.add_argument("--folder", type=Path, default=Path("tests/pages"))


def _label(command: Callable[..., argparse.ArgumentParser]) -> None:
    added = command(
        "label",
        "pipeline.text.label:command",
        "Add language, sentiment and themes to texts, one JSON line each, from stdin to stdout.",
        'In: {"text": "...", "language": "ko"} (language may be left out). Out: the same with language, sentiment (-1..1), label\n'
        "(positive, neutral, negative) and themes [{theme, sentiment}]. The order is kept, one line out for each line in.",
    )
    added.add_argument(
        "--teach",
        type=Path,
        metavar="RATED.jsonl.gz",
        help="texts to learn from: text, language, and rating with rating_max, or label (1, 0; positive, neutral, negative), or themes "
        "[{theme, label}]; Korean and Japanese ones may be unrated",
    )
    added.add_argument("--packs", default="", help="industries whose themes are looked for too, such as restaurants,airlines")
    added.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="LANGUAGE=FOLDER",
        help="a transformer that reads this language: folder with config.json, tokenizer.json and model.onnx; may be repeated",
    )
    added.add_argument("--languages", default="en,ko,ja", help="languages to tell apart (default: en,ko,ja)")


def _over_what_was_crawled(command: Callable[..., argparse.ArgumentParser], room: Callable[..., argparse.ArgumentParser]) -> None:
    """The commands that look at what crawls have left."""
    added = room(
        "replay",
        "Parse the archived pages of crawls again, without any request: after a parser was corrected, say.",
        "What comes out is judged like a crawl, and lands beside the crawl's own lines as a new reading, which `load` takes in their place.\n"
        "Where nothing changes, nothing is written.\n"
        "Exits 1 where a new reading does not land, or a crawl could not be read again, which costs the others nothing.",
    )
    added.add_argument(
        "--target", action="append", metavar="ID", help="only this one (see `rivalscope targets`); may be repeated"
    )
    added.add_argument("--all-runs", action="store_true", help="every run up to this one, the oldest first")
    room(
        "retention",
        "Remove kept pages whose days are over (crawl.retention_days, retention_days of a source); the lines stay.",
        "Covers the archives of all targets, also of those that have left the market (crawl.retention_days holds for them), and the pages\n"
        "that are remembered for conditional requests. `run` and the DAG do so at their end.",
    )

    added = command(
        "show",
        "pipeline.rooms:show",
        "Walk from a SWOT cell to its quotes, and from each to the archived page that it was read off.",
        "Each page is held against its sha256, and the sentence is marked in it. Reads only what is published.\n"
        "Without an ID it lists the cells with theirs.",
    )
    added.add_argument(
        "id", metavar="ID", nargs="?", help="of a cell (mart.swot_cell) or of a review (core.review): 16 hex digits"
    )
    added.add_argument("market", type=Path, nargs="?", help="the market file, e.g. markets/demo.toml")
    added.add_argument(
        "--data", type=Path, metavar="DIR", help="where everything of this market is kept (default: data/<market>)"
    )
    added.add_argument(
        "--html", type=Path, metavar="FILE", help="also write the pages, with the sentences marked, to be read in a browser"
    )

    added = command(
        "diff",
        "pipeline.rooms:diff",
        "What changed in the SWOT cells between two runs, and because of what.",
        "Each change is told with what did it: new, edited or vanished reviews, new readings of pages, coverage, the model, rules, themes, settings.\n"
        "That is found by building the first run again and putting one thing after another as the second had it; nothing that is published changes.",
    )
    added.add_argument(
        "names",
        nargs="+",
        metavar="MARKET [RUN RUN]",
        help="the market file, and two runs as in data/<market>/cells (default: the newest two); RUN~2 is what a run said when it was published again",
    )
    added.add_argument("--json", action="store_true", help="all of it, with every number")
    added.add_argument(
        "--data", type=Path, metavar="DIR", help="where everything of this market is kept (default: data/<market>)"
    )

    added = command(
        "sql",
        "pipeline.rooms:sql",
        "Ask the published database, read-only; or print the query behind a SWOT cell.",
        "Without a query it lists the tables, each with its grain. A query reaches no file and no network, whatever it says.\n"
        "--explain prints a query that reproduces a cell's numbers from core.* and text.*; pipe it back: rivalscope sql MARKET -",
    )
    added.add_argument("market", type=Path, help="the market file, e.g. markets/demo.toml")
    added.add_argument("query", nargs="?", metavar="SELECT", help="one query; - for standard input")
    added.add_argument("--explain", metavar="CELL_ID", help="the id of a cell, as `rivalscope show MARKET` lists them")
    form = added.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="rows as CSV with a header, null as an empty field")
    form.add_argument(
        "--csv-for-spreadsheets",
        action="store_true",
        help="the same, with an apostrophe before text that a spreadsheet would take for a formula: review texts may try",
    )
    form.add_argument("--json", action="store_true", help="rows as JSON, one object a line")
    added.add_argument("--data", type=Path, metavar="DIR", help="the folder that holds warehouse.duckdb (default: data/<market>)")


if __name__ == "__main__":
    sys.exit(main())
