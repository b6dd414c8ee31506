"""One DAG for each market file: gather every source, then load, score, swot, report and publish, and deliver what was published.

Triage, when a run is red:

- **gather** is red for one source: open its log; the last lines name the number that failed it (a robots refusal, a 404, too few
  records, ...). The other sources went on, and the report's coverage table names what is missing. What came in was kept under
  `data/<market>/rejected/`. Where the cause may pass by itself (no connection, no answer in time, a server's error), it has been tried
  four times, with growing pauses; all else fails at once and needs you. Clear the task to try again: a source that has landed in this
  run is not fetched twice.
- A task that is ended for taking too long (AirflowTaskTimeout: two hours, a day from **load** to **publish**, for **gather** by the market file's
  crawl.timeout_seconds) hangs: its log ends where. gather is tried again by itself, clear the others.
- **targets** is red: the market file is wrong; the log names file, key, what was expected and what was found.
- **load** to **publish** are red: the published file is still the last good one. The log names the row or check that failed;
  clear the red task, its output is replaced whole.
- **approve**, where the market file asks for it, waits for somebody to answer under "Required Actions": Approve, and `deliver` sends; Reject, and it
  is skipped. Red, nobody did within twenty hours: the report is published and nobody was told; clear the task to be asked again.
- **deliver** is red: the report is published, and its log names each recipient whom it did not reach, and why; clear the task to try
  again: nothing is sent twice. What is held back for a recipient's quiet hours does not keep it: the DAG `held-deliveries` sends that when
  they are over, and is red where it could not; then clear `deliver` of the market's newest run.
- **outcome** is red and nothing else: it repeats what is missing; everything that could be published was.
- **retention** runs whatever came before it and removes kept pages whose days are over; red, it names the file that it could not remove.

**Trigger** has a form: brands and sources to gather (all where none is named; the others count with what they gave before), the moment that the
run speaks of, and whether it is delivered. **outcome** looks only at what was asked for; what it was stands in the run's configuration.

A task is a command: what stands in its log's first line can be typed in the project folder.
"""

import json
import re
import shlex
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import DAG, Asset, Connection, Context, Param, TriggerRule
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowNotFoundException, AirflowSkipException

PROJECT = Path(__file__).resolve().parents[1]
RIVALSCOPE = shlex.quote(str(Path(sys.executable).parent / "rivalscope"))
# Run ids carry colons and plus signs, and users may type their own: only these characters reach a shell or a file name.
RUN = "--run {{ run_id | file_name }} --as-of {{ (params.as_of or dag_run.run_after) | moment | file_name }}"
# What people type into the form goes to a command through its environment, never through the shell's line.
ONLY = {"ONLY": "{{ ((params.brands or []) + (params.sources or [])) | join(',') }}"}

# Nothing hangs for ever. A command ends by itself long before, so these are generous.
SHORT, ROOM = timedelta(hours=2), timedelta(hours=24)

# Less than a day: a run that waits keeps the market's next from beginning.
ANSWER = timedelta(hours=20)

OF_NO_USE = 3
"""Exit code of a command that says that trying again is of no use."""


def file_name(value: object) -> str:
    text = value.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ") if isinstance(value, datetime) else str(value)
    return re.sub(r"[^A-Za-z0-9._-]", "-", text).lstrip("-._")[:120]


def moment(value: datetime | str) -> datetime:
    at = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def envs(printed: str) -> list[dict[str, str]]:
    return [{"TARGET": target["target"]} for target in json.loads(printed)]


class Command(BashOperator):
    """A command, which is not tried again where it says that this is of no use. Its assets' events name the run."""

    def execute(self, context: Context) -> object:
        try:
            printed = super().execute(context)
        except AirflowSkipException as error:  # as it has OF_NO_USE for skip_on_exit_code
            raise AirflowFailException(
                "Trying again is of no use before somebody has looked; the lines above say at what."
            ) from error
        for asset in self.outlets:
            context["outlet_events"][asset].extra = {"run": file_name(context["run_id"])}
        return printed


def assets(market_id: str, *names: str) -> dict[str, list[Asset]]:
    """What other DAGs can be scheduled on. Airflow leaves addresses with x- as they are; wherever the data folder is, they stay the same."""
    return {"outlets": [Asset(f"x-rivalscope://{market_id}/{name}") for name in names]}


def in_project(line: str) -> dict[str, object]:
    return {"bash_command": f"exec {RIVALSCOPE} {line}", "cwd": str(PROJECT), "append_env": True, "skip_on_exit_code": OF_NO_USE}


def command(task_id: str, line: str, operator: type[Command] = Command, **settings: object) -> Command:
    return operator(task_id=task_id, **in_project(line), **{"execution_timeout": SHORT} | settings)


def owned(market: dict[str, object]) -> dict[str, str]:
    return {"owner": str(market["owner"])[:100]} if "owner" in market else {}


def time_to_gather(market: dict[str, object]) -> timedelta:
    """A crawl's own time limit with an hour for what comes before and after it, and as often as its host may be asked by others before it: one
    crawl of a host at a time."""
    sources = [source for brand in market.get("brands", []) for source in brand.get("sources", [])] + market.get("engines", [])
    hosts = Counter(urlsplit(source["url"]).hostname for source in sources if "url" in source)
    seconds = market.get("crawl", {}).get("timeout_seconds", 3600)
    return timedelta(seconds=seconds, hours=1) * max(hosts.values(), default=1)


class Delivery(Command):
    """The command with the Airflow connections that it needs in its environment, for it cannot ask Airflow itself. They are looked up when it
    runs: the value of a template would be kept and shown as the task's rendered field, where a password that is encoded is not masked."""

    def __init__(self, *, market: dict[str, object], **settings: object) -> None:
        super().__init__(**settings)
        self.connections = sorted(connections(market))

    def execute(self, context: Context) -> object:
        skip_unless_wanted(context)
        return super().execute(context)

    def get_env(self, context: Context) -> dict[str, str]:
        return super().get_env(context) | dict(variables(self.connections))


class Approval(ApprovalOperator):
    """Waits, on no worker, for somebody's answer; where it is no, delivery is skipped."""

    def execute(self, context: Context) -> object:
        skip_unless_wanted(context)
        return super().execute(context)


def approval() -> Approval:
    return Approval(
        task_id="approve",
        # Nothing of the market file but through Jinja: a name with braces is no template.
        subject="Deliver the report of {{ dag.dag_display_name }}?",
        body="Run `{{ run_id | file_name }}` is published: its report is `reports/latest/report.html` in the market's data folder.\n\n"
        "Approve sends it to the market's recipients, Reject sends nothing. Without an answer within twenty hours nothing is sent, and the "
        "run is red.",
        response_timeout=ANSWER,
    )


def skip_unless_wanted(context: Context) -> None:
    if not context["params"].get("deliver", True):
        raise AirflowSkipException("This run was started without delivery.")


def connections(market: dict[str, object]) -> set[str]:
    """Names of those that a market file delivers through."""
    delivery = market.get("delivery", {})
    return {table["connection"] for table in (delivery.get("mail", {}), *delivery.get("recipients", [])) if "connection" in table}


def variables(names: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Environment variable and value of each connection that there is; the command says which is missing."""
    for name in names:
        try:
            yield f"AIRFLOW_CONN_{name.upper()}", Connection.get(name).get_uri()
        except AirflowNotFoundException:
            continue


def form(market: dict[str, object]) -> dict[str, Param]:
    """What a person may choose who starts a run. The choices are suggestions: `targets` checks what was chosen."""
    brands = {str(brand.get("id")): brand.get("sources", []) for brand in market.get("brands", [])}
    sources = [
        f"{brand}.{each.get('kind')}.{each.get('name', each.get('source'))}" for brand, own in brands.items() for each in own
    ]
    sources += [f"market.ranking.{each.get('name', each.get('source'))}" for each in market.get("engines", [])]
    names = {"source": "dag", "type": ["array", "null"], "items": {"type": "string", "pattern": "^[a-z0-9_.]{1,200}$"}}
    return {
        "brands": Param([], **names, examples=[*brands], title="Brands", description="All of whose sources are gathered."),
        "sources": Param(
            [],
            **names,
            examples=sources,
            title="Sources",
            description="Gathered too. Where no brand and no source is named, all are.",
        ),
        "as_of": Param(
            None,
            source="dag",
            type=["string", "null"],
            format="date-time",
            title="As of",
            description="The moment that the run speaks of; now where it is empty. What is published speaks of it too.",
        ),
        "deliver": Param(
            True, source="dag", type="boolean", title="Deliver", description="Send the report to the market's recipients."
        ),
    }


def market_dag(path: Path, market: dict[str, object]) -> DAG:
    """Raises ValueError or KeyError for a file that Airflow cannot schedule; `rivalscope targets` says more about it."""
    zone = ZoneInfo(market.get("timezone", "UTC"))
    return pipeline_dag(path, market["id"], market.get("schedule"), zone, market["name"], market=market)


def pipeline_dag(path: Path, dag_id: str, schedule: str | None, zone: ZoneInfo, title: str, *, market: dict[str, object]) -> DAG:
    file = shlex.quote(str(path))
    with DAG(
        dag_id=dag_id,
        schedule=schedule,
        dag_display_name=title,
        start_date=datetime(2026, 1, 1, tzinfo=zone),
        catchup=False,
        # A DAG that fails its validation below would be registered all the same by the `with`.
        auto_register=False,
        max_active_runs=1,
        # No dagrun_timeout: it would skip what has not begun yet, outcome and retention too; each task has a limit of its own.
        doc_md=__doc__,
        tags=["rivalscope", "market", *map(str, market.get("tags", []))],
        default_args=owned(market),
        user_defined_filters={"file_name": file_name, "moment": moment},
    ) as dag:
        targets = command("targets", f'targets {file} --json --only "$ONLY"', env=ONLY, output_processor=envs)
        gather = Command.partial(
            task_id="gather",
            **in_project(f'gather {file} {RUN} --target "$TARGET"'),
            pool="gather",
            execution_timeout=time_to_gather(market),
            # 2 to 4 minutes, then 4 to 8 and 8 to 16: Airflow adds up to as much again, so that not all sources come back at once.
            retries=3,
            retry_delay=timedelta(minutes=2),
            retry_exponential_backoff=2.0,
            map_index_template="{{ task.env['TARGET'] }}",
        ).expand(env=targets.output)
        # Everything of the run has landed when load has read it; of gather, one event for each source would start other DAGs as often.
        makes = {"load": assets(dag_id, "landing"), "publish": assets(dag_id, "warehouse", "report")}
        chain = [
            command(name, f"{name} {file} {RUN}", pool="build", execution_timeout=ROOM, **makes.get(name, {}))
            for name in ("load", "score", "swot", "report", "publish")
        ]
        # One source down must not cost the report of all others; outcome turns the run red at the end.
        chain[0].trigger_rule = TriggerRule.ALL_DONE
        # Beside outcome too: a mail server that is down turns the run red, and nothing else.
        deliver = command("deliver", f"deliver {file} {RUN}", Delivery, market=market)
        outcome = command("outcome", f'outcome {file} {RUN} --only "$ONLY"', env=ONLY, trigger_rule=TriggerRule.ALL_DONE)
        # Beside outcome, not after it: a run is as red as its last tasks, and this one is green when a source is missing.
        retention = command("retention", f"retention {file} {RUN}", trigger_rule=TriggerRule.ALL_DONE)
        targets >> gather >> chain[0] >> chain[1] >> chain[2] >> chain[3] >> chain[4] >> [deliver, outcome, retention]
        if market.get("delivery", {}).get("approval"):
            chain[4] >> approval() >> deliver
    # Only now: each task would copy the form, and the DAG would check its schemas, 4 ms a market. Airflow checks what is typed into it.
    dag.params.update(form(market))
    dag.validate()
    return dag


def held_dag(markets: dict[Path, dict[str, object]]) -> DAG:
    """What was held back goes out when the quiet hours are over, beside the markets' own runs: one that waited would keep the next from
    beginning."""
    with DAG(
        dag_id="held-deliveries",  # no market's id has a hyphen
        schedule=timedelta(minutes=15),
        dag_display_name="Held back for quiet hours",
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        catchup=False,
        is_paused_upon_creation=False,
        max_active_runs=1,
        doc_md=__doc__,
        tags=["rivalscope"],
    ) as dag:
        for path, market in markets.items():
            command(market["id"], f"deliver {shlex.quote(str(path))} --held", Delivery, market=market, **owned(market))
    return dag


has_quiet_hours: dict[Path, dict[str, object]] = {}
for market_file in sorted((PROJECT / "markets").glob("*.toml")):
    try:
        market_said = tomllib.loads(market_file.read_text(encoding="utf-8"))
        built = market_dag(market_file, market_said)
        if f"dag {built.dag_id}" in globals():
            raise ValueError(f"the id {built.dag_id} is another market file's")  # noqa: TRY301 - told like every other fault of a file
    except (ValueError, KeyError, TypeError, AttributeError, OSError, OverflowError, AirflowException) as error:
        # One bad file must not take the other markets with it: it shows up under its own name, and its run says why.
        broken = f"{market_file.name}: {type(error).__name__}: {error!s:.150}"
        built = pipeline_dag(market_file, file_name(market_file.stem), None, ZoneInfo("UTC"), broken, market={})
    else:
        if any("quiet_hours" in recipient for recipient in market_said.get("delivery", {}).get("recipients", [])):
            has_quiet_hours[market_file] = market_said
    globals()[f"dag {built.dag_id}"] = built
if has_quiet_hours:
    held = held_dag(has_quiet_hours)
