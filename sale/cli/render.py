"""An auction for people: the bids with every term of their scores, and why the winner won."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, Group, JustifyMethod, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from sale.cli.foreseen import foreseen_parts, way
from sale.cli.text import block, diff, dollars, number, plain, when
from sale.cli.why import explain, why
from sale.types import Appraisal, Auction, Award, Bid, Outcome, Stage, StopReason, Usage, Verdict

_STYLE = {Verdict.PASSED: "green", Verdict.FAILED: "red", Verdict.NONE: "yellow"}
_VERDICT = {
    Verdict.PASSED: "verified: its visible checks passed",
    Verdict.FAILED: "not verified: a visible check failed",
    Verdict.NONE: "not verified: the task shows nothing that tests the answer",
}


def show_auction(console: Console, auction: Auction, *, trajectory: bool = False) -> None:
    """Print an auction from its task to its bill."""
    for part in _parts(auction, trajectory=trajectory):
        console.print(part)


def _parts(auction: Auction, *, trajectory: bool) -> Iterator[RenderableType]:
    yield _header(auction)
    if auction.foreseen:
        yield from foreseen_parts(auction)
    elif auction.bids:
        yield _bids(auction)
    yield from _failures(auction)
    if auction.award:
        yield Text(explain(auction))
        if trajectory and not auction.foreseen:
            yield from why(auction)
        if plan := _plan(auction, auction.award):
            yield plan
    if trajectory and auction.steps:
        yield from _trajectory(auction)
    if auction.outcome:
        yield _outcome(auction.outcome, auction)
    yield _bill(auction)
    if auction.error:
        yield Text(plain(auction.error), style="red")


def _header(auction: Auction) -> RenderableType:
    task = block(auction.task.text, limit=800)
    facts = f"{auction.state}, {when(auction.started)}, seed {auction.seed}"
    where = f"\nmarket {auction.market}, sandbox {auction.sandbox}"
    title = f"auction {auction.id}: a {auction.task.kind} task"
    return Panel(Group(task, Text(where, style="dim")), title=title, subtitle=facts)


def _bids(auction: Auction) -> Table:
    """One row a bid: what each term adds to its score."""
    jurors = list(dict.fromkeys(entry.juror for entry in auction.ratings))
    caption = (
        "score = cost - entropy - jury, the lowest wins; plan in tokens; in brackets the "
        f"ratings by {', '.join(jurors) or 'nobody'}"
    )
    table = Table(title="Bids", caption=caption, box=None, padding=(0, 1, 0, 0))
    for heading in ("agent", "round", "plan", "cost", "entropy", "jury", "score", ""):
        justify: JustifyMethod = "left" if heading in {"agent", ""} else "right"
        table.add_column(heading, justify=justify, no_wrap=True)
    appraised = {(entry.agent, entry.round): entry for entry in auction.appraisals}
    for bid in auction.bids:
        entry = appraised.get((bid.agent, bid.round))
        cells = ("-", "-", "-", "-") if entry is None else (*_terms(entry), number(entry.score))
        table.add_row(Text(bid.agent), str(bid.round), str(bid.tokens), *cells, _mark(auction, bid))
    return table


def _failures(auction: Auction) -> Iterator[RenderableType]:
    """A line for every bid and every rating that failed, with its reason."""
    for bid in auction.bids:
        if bid.error is not None:
            yield Text(f"{bid.agent} made no bid: {plain(bid.error, limit=200)}", style="red")
    for entry in auction.ratings:
        if entry.error is not None:
            yield Text(f"{entry.juror} did not rate: {plain(entry.error, limit=200)}", style="red")


def _terms(entry: Appraisal) -> tuple[str, str, str]:
    """Cost, entropy and jury of one bid, the ratings themselves in brackets."""
    terms = {term.name: term for term in entry.terms}
    ratings = [term for term in entry.terms if term.name.startswith("rating:")]
    marks = " ".join(f"{term.feature:.1f}" for term in ratings)
    jury = f"{sum(term.contribution for term in ratings):.3f} ({marks})" if ratings else "-"
    cost, entropy = terms.get("cost"), terms.get("entropy")
    measured = number(entropy.contribution) if entropy and entropy.weight else "-"
    return number(cost.contribution) if cost else "-", measured, jury


def _mark(auction: Auction, bid: Bid) -> str:
    award = auction.award
    if bid.error is not None:
        return "failed"
    if award is None:
        return ""
    if (award.agent, award.round) == (bid.agent, bid.round):
        return "won"
    return "led" if (award.provisional, 1) == (bid.agent, bid.round) else ""


def _plan(auction: Auction, award: Award) -> RenderableType | None:
    """The plan in sight of the work, else the one that won; None where there is neither."""
    chosen = (award.planner or award.agent, award.round or 1)
    plans = (bid.plan for bid in auction.bids if (bid.agent, bid.round) == chosen)
    plan = next(plans, None)
    return plan and Panel(block(plan, limit=2_000), title=f"the plan of {chosen[0]}")


def _trajectory(auction: Auction) -> Iterator[RenderableType]:
    for step in auction.steps:
        name = f"{step.action or 'no action'} {plain(step.argument, limit=60)}".strip()
        parts = [block(step.reply, limit=4_000)]
        if step.observation:
            parts += [Text("→ observed", style="dim"), block(step.observation, limit=2_000)]
        who = f" by {step.calls[0].agent}" if step.calls else ""
        title = Text(f"step {step.index}{who}: {name}")
        yield Panel(Group(*parts), title=title, title_align="left")


def _outcome(outcome: Outcome, auction: Auction) -> RenderableType:
    parts: list[RenderableType] = []
    not_found = outcome.stop_reason is StopReason.NOT_FOUND
    if outcome.answer is not None:
        changes = auction.task.workspace is not None
        parts.append(diff(outcome.answer) if changes else block(outcome.answer))
    elif not_found:
        parts += [Text("Not found.", style="bold"), *_looked_at(auction)]
    for place, citation in enumerate(outcome.citations, start=1):
        source = f"{plain(citation.title, limit=100)} ({plain(citation.source, limit=200)})"
        parts += [Text(f"\n[{place}] {source}", style="bold"), block(citation.text, limit=600)]
    lines = [
        Text(
            f"{'passed' if check.passed else 'FAILED'}  {plain(check.name, limit=120)}"
            + (f"  {plain(check.detail, limit=160)}" if check.detail else ""),
            style="green" if check.passed else "red",
        )
        for check in outcome.checks
    ]
    if lines:
        parts += [Text(""), *lines]
    if outcome.error:
        parts.append(Text(plain(outcome.error, limit=400), style="red"))
    title = f"{way(outcome)}: {outcome.stop_reason}"
    style = _STYLE[outcome.verified] if outcome.answer else "yellow" if not_found else "red"
    verdict = _VERDICT[outcome.verified] if outcome.answer else "no answer"
    if outcome.grade is not None:
        verdict += f"; graded {outcome.grade:.2f}"
    if outcome.feedback is not None:
        verdict += f"; {'right' if outcome.feedback else 'wrong'}, as you say"
    return Panel(Group(*parts), title=title, subtitle=verdict, border_style=style)


def _looked_at(auction: Auction) -> Iterator[RenderableType]:
    """What an agent looked at in vain, as its last step tells."""
    if auction.steps and auction.steps[-1].observation:
        yield block(auction.steps[-1].observation, limit=2_000)


def _bill(auction: Auction) -> Table:
    """Tokens, calls, seconds and dollars by stage; the auction itself is part of the bill."""
    table = Table(title="Usage by stage", box=None, padding=(0, 1, 0, 0))
    table.add_column("stage")
    for heading in ("prompt", "cached", "output", "calls", "tools", "seconds", "dollars"):
        table.add_column(heading, justify="right", no_wrap=True)
    for stage in Stage:
        if stage in auction.usage:
            table.add_row(stage, *usage_cells(auction.usage[stage]))
    table.add_section()
    table.add_row("total", *usage_cells(auction.total))
    return table


def usage_cells(usage: Usage) -> tuple[str, ...]:
    """The cells of a usage for a table."""
    return (
        f"{usage.prompt_tokens:,}",
        f"{usage.cached_tokens:,}",
        f"{usage.completion_tokens:,}",
        f"{usage.calls:,}",
        f"{usage.tool_calls:,}",
        f"{usage.wall_s:,.1f}",
        dollars(usage.usd),
    )
