"""What a market file asks of its sources, held against what they can do: told before anything is fetched."""

import importlib
from collections.abc import Callable

from pydantic import ValidationError

from pipeline.market import Engine, Market, MarketError, Target, sentence
from spiders.receipt import masked
from spiders.settings import browser


def check_options(market: Market) -> None:
    """Holds each source's options against its module's `Options`. Raises MarketError.

    It imports the spiders, which commands that fetch nothing need not wait for.
    """
    problems = []
    for target in market.targets:
        module = importlib.import_module(target.source.module)
        try:
            module.Options.model_validate(target.source.options)
        except ValidationError as error:
            said = [sentence(market.path, e, f"{target.id}: options.") for e in error.errors(include_url=False)]
            problems += [masked(each, target.source.secrets) for each in said]
            continue
        if target.source.render:
            problems += _browser_faults(market, target)
        if isinstance(target.source, Engine) and target.source.url is not None and hasattr(module, "check"):
            problems += _engine_faults(market, target, module.check)
    if problems:
        raise MarketError("\n".join(problems))


def _browser_faults(market: Market, target: Target) -> list[str]:
    if target.source.url is None:
        return [f"{market.path}: {target.id}: render: expected a url to draw, found a path."]
    try:
        browser()
    except ValueError as error:
        return [f"{market.path}: {target.id}: {error}"]
    return []


def _engine_faults(market: Market, target: Target, check: Callable[..., int]) -> list[str]:
    """What an engine cannot be asked, and more searches than one crawl may make: both would only be seen in the crawl's end."""
    engine = target.source
    assert isinstance(engine, Engine)  # noqa: S101 - its caller has looked
    options = importlib.import_module(engine.module).Options.model_validate(engine.options)
    try:
        devices = {keyword.device for keyword in target.keywords if keyword.device}
        pages = check(engine.url, options, engine.result_type, devices)
    except ValueError as error:
        return [
            f"{market.path}: {target.id}: expected {error}, found url {engine.shown_url!r}, result_type {engine.result_type!r}."
        ]
    needed = pages * engine.draws * len(target.keywords)
    if needed <= market.crawl.max_pages:
        return []
    said = f"{needed:,} ({len(target.keywords):,} keywords, {engine.draws} draws, {pages} pages each)"
    return [f"{market.path}: {target.id}: expected crawl.max_pages of at least {said}, found {market.crawl.max_pages:,}."]
