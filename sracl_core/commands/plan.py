"""`sracl plan`: what the profiles will cost, before they are paid for."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from sracl_core.commands.store import StoreFolder
from sracl_core.ground.console import guarded, say

if TYPE_CHECKING:
    from rich.table import Table

    from sracl_core.params.profile import ProfileParams
    from sracl_core.profile.planning.plan import Plan, Prices
    from sracl_core.profile.planning.work import Kind

KINDS: dict[str, tuple["Kind", ...]] = {"item": ("item",), "user": ("user",), "both": ("item", "user")}
HINT = "not measured: --probe 64 measures it"
Artifact = Annotated[Path, typer.Option(help="What the stage ingest wrote.")]


@guarded
def plan(
    *,
    params: Annotated[Path, typer.Option("--params", help="The params file.")] = Path("params.yaml"),
    kind: Annotated[Literal["item", "user", "both"], typer.Option(help="Which profiles.")] = "both",
    engine: Annotated[str | None, typer.Option(help="The engine, if not profile.engine.")] = None,
    price_in: Annotated[float | None, typer.Option(min=0, help="Money a million prompt tokens.")] = None,
    price_cached: Annotated[
        float | None, typer.Option(min=0, help="Money a million of them from a cache; else as --price-in.")
    ] = None,
    price_out: Annotated[float | None, typer.Option(min=0, help="Money a million answer tokens.")] = None,
    probe: Annotated[
        int,
        typer.Option(min=0, help="Measure the time: answer so many prompts of each kind now, and keep the answers."),
    ] = 0,
    items: Artifact = Path("data/interim/items.parquet"),
    sequences: Artifact = Path("data/interim/sequences.parquet"),
    artifacts: Annotated[Path, typer.Option(help="Where the profiles lie that the last commit may hold.")] = Path(
        "data/artifacts"
    ),
    store: StoreFolder = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say what the profiles will cost before they are paid for: prompts, tokens, time and money.

    A short probe tends to overstate the time: an engine is fastest with many prompts at once.
    """
    import json
    from contextlib import redirect_stdout
    from dataclasses import asdict

    from sracl_core.artifacts.tables import read_table
    from sracl_core.commands.tables import TableConsole
    from sracl_core.ground.errors import ArtifactError, ParamsError
    from sracl_core.params.reading.section import read_section
    from sracl_core.params.runtime import RuntimeParams
    from sracl_core.profile.planning.plan import make_plan, together
    from sracl_core.profile.planning.probe import measure
    from sracl_core.profile.planning.work import profile_work, share_model
    from sracl_core.project import committed_profiles, project_store
    from sracl_core.schemas.ingest import ITEMS
    from sracl_core.sequences import read_training_part

    prices = _prices(price_in, price_cached, price_out)
    if probe == 1:
        raise ParamsError("--probe 1 measures nothing: the first prompt loads the model and is not timed.")
    section, runtime = _profile_params(params, engine), read_section(params, RuntimeParams)
    for path in (items, sequences):
        if not path.is_file():
            raise ArtifactError(f"{path} does not exist: run `dvc repro ingest` first.")
    catalogue = read_table(items, ITEMS)
    train = read_training_part(sequences, items, catalogue.num_rows)
    kept = project_store(store)
    with redirect_stdout(sys.stderr):  # the libraries that run a model print what they like
        works = [
            profile_work(
                one,
                items=catalogue,
                train=train,
                params=section,
                runtime=runtime,
                earlier=committed_profiles(artifacts / f"{one}_profiles.parquet"),
            )
            for one in KINDS[kind]
        ]
        share_model(works)
        plans = [make_plan(work, kept, prices, measure(work, kept, probe) if probe else None) for work in works]
    kept.tell_damage()
    total = together(plans)
    if as_json:
        print(json.dumps({"plans": [asdict(one) for one in plans], "total": asdict(total)}, indent=2))
        return
    console = TableConsole()
    for one in plans:
        console.print(_plan_table(one))
    say(summary(total))


def duration(seconds: float) -> str:
    """Return a time as people say it: "45 s", "12 min", "2 h 10 min", "3.5 days"."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes < 48 * 60 else f"{minutes / 1440:.1f} days"


def summary(plan: "Plan") -> str:
    """Return `plan` as one line."""
    if plan.prompt_tokens is None or plan.cached_tokens is None or plan.answer_tokens is None:
        why = "its tokens are not known" if plan.paid else "no model to pay"
        return f"{plan.to_send:,} prompts to send to {plan.engine}: {why}."
    if not plan.to_send:
        return f"0 prompts to send: all {plan.distinct:,} are answered already."
    about = "" if plan.exact else "about "
    parts = [
        f"{plan.to_send:,} prompts to send",
        f"{about}{_millions(plan.prompt_tokens)} prompt tokens ({_cached(plan)} cached)",
        f"about {_millions(plan.answer_tokens)} answer tokens",
        f"time {HINT}" if plan.seconds is None else f"about {duration(plan.seconds)} here",
        *([] if plan.money is None else [f"{_money(plan.money)} at these prices"]),
    ]
    return ", ".join(parts)


def _plan_table(plan: "Plan") -> "Table":
    """One row a figure: what, how much, how it is known."""
    from rich.table import Table

    from sracl_core.commands.tables import cell

    table = Table(title=cell(f"{plan.kind.capitalize()} profiles by {plan.engine}"))
    table.add_column("what")
    table.add_column("how much", justify="right")
    table.add_column("how it is known")
    table.add_row("profiles", f"{plan.requests:,}", "")
    table.add_row("distinct prompts", f"{plan.distinct:,}", "")
    table.add_row("answered already", f"{plan.stored:,}", "")
    table.add_row("prompts to send", f"{plan.to_send:,}", "")
    if plan.prompt_tokens is not None:
        counted = "the model's tokenizer" if plan.exact else "approximate, as profile.llm.tokenizer says"
        table.add_row("prompt tokens", f"{plan.prompt_tokens:,}", counted)
        table.add_row("of them cached", f"{plan.cached_tokens:,}", f"{_cached(plan)}, by simulation in blocks of 16")
        table.add_row("answer tokens", f"{plan.answer_tokens:,}", plan.basis)
        known = HINT if plan.to_send else "nothing to send"
        if plan.probe:
            known = f"measured on {plan.probe.prompts} prompts"
            known += f", {plan.probe.replaced} answers stayed broken" if plan.probe.replaced else ""
        table.add_row("time here", "–" if plan.seconds is None else duration(plan.seconds), known)
        if plan.money is not None:
            table.add_row("money", _money(plan.money), "at these prices")
    for per, calls in plan.calls.items():
        fewer = f", {plan.to_send / calls:.1f} times fewer" if calls else ""
        table.add_row("prompts to send instead", f"{calls:,}", f"profile.users.per: {per}{fewer}")
    return table


def _profile_params(path: Path, engine: str | None) -> "ProfileParams":
    """The section `profile`, with another engine if one is given."""
    from sracl_core.ground.errors import ParamsError
    from sracl_core.ground.outside import shown_value
    from sracl_core.params.profile import ENGINES, ProfileParams
    from sracl_core.params.reading.section import read_section

    section = read_section(path, ProfileParams)
    if engine is None:
        return section
    if not hasattr(section.engines, engine):
        raise ParamsError(
            f"--engine: {shown_value(engine)} is not one of {', '.join(ENGINES)}, nor another group of profile.engines."
        )
    return read_section(path, ProfileParams, instead={"engine": engine})


def _prices(prompt: float | None, cached: float | None, answer: float | None) -> "Prices | None":
    from sracl_core.ground.errors import ParamsError
    from sracl_core.profile.planning.plan import Prices

    if prompt is None and cached is None and answer is None:
        return None
    if prompt is None or answer is None:
        raise ParamsError("A price needs --price-in and --price-out, both money a million tokens.")
    return Prices(prompt, prompt if cached is None else cached, answer)


def _cached(plan: "Plan") -> str:
    return f"{100 * (plan.cached_tokens or 0) / (plan.prompt_tokens or 1):.1f} %"


def _millions(count: int) -> str:
    return f"{count / 1e6:,.1f} M" if count >= 1e6 else f"{count:,}"


def _money(amount: float) -> str:
    return "below 0.01" if 0 < amount < 0.01 else f"{amount:,.2f}"
