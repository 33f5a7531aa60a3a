"""The work of `sale bench`: every agent on every task, then auctions over what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import islice

from sale.agents.backends.embedder import EMBEDDING, open_embedder
from sale.agents.backends.pull import locate
from sale.agents.coding import sandbox
from sale.auction.terms import Part, Sight
from sale.bench.collect import Collector
from sale.bench.learning import Learnt
from sale.bench.listed import by_task
from sale.bench.metered import Budget, MeteredPool
from sale.bench.recorded import Recorded, RecordedChecks, RecordedPool
from sale.bench.run import Run
from sale.bench.samples import Sample
from sale.bench.streams import Ended, Stop, Watcher, flow
from sale.bench.trials import UNASKED, Trial
from sale.bench.variants import VARIANTS, Variant, variant_of
from sale.cli.bars import Bar, bar
from sale.cli.bench_tasks import Asked, Means
from sale.cli.compose import assembled, running_market, verifier
from sale.cli.hidden_tests import HiddenTests
from sale.cli.judging import opened_judge
from sale.cli.learning import teach
from sale.embedding import Embedder, Remembering
from sale.market import Market
from sale.memory.store import Store
from sale.types import Kind, Outcome, Task


@dataclass
class Play:
    """A run being played. The agents are started when they are first needed, and never twice."""

    asked: Asked
    run: Run
    means: Means
    ending: ExitStack = field(default_factory=ExitStack)

    def left(self) -> list[Try]:
        """The tasks that some agent of their kind was never tried on, or that a failure took."""
        trials = [one for one in self.run.trials() if not (one.lost or self._lacks_bid(one))]
        done = {(one.task, one.attempt, one.agent) for one in trials}
        return [
            (name, attempt)
            for name, task in self.asked.tasks.items()
            for attempt in range(self.means.attempts)
            if any(
                task.task.kind in spec.kinds and (name, attempt, spec.name) not in done
                for spec in self.asked.file.roster
            )
        ]

    def collect(self, left: Sequence[Try], shown: Bar) -> None:
        """Have every agent bid on, rate and do every task that is left, some side by side.

        Raises `BudgetError` once the run has spent its budget; what is done is kept.
        """
        live, waiting, under_way = self._live, iter(left), dict[Future[Made], str]()
        collector = Collector(
            live.pool,
            live.verifier,
            live.rules,
            self.asked.file.roster,
            self._hidden.marks,
            shown.doing,
            bidding=self._bidding,
            in_clear=not self.asked.secret,
        )
        self.run.forget_samples()
        spent, seeds = _dollars(self.run.trials()), self._seeds
        with _threads(self.means.workers) as threads:
            while True:
                free = 0 if self._budget.is_spent(spent) else self.means.workers - len(under_way)
                for name, attempt in islice(waiting, free):
                    task = self.asked.tasks[name].task
                    settings = {"seed": seeds[name], "attempt": attempt}
                    under_way[threads.submit(collector.collect, name, task, **settings)] = name
                if not under_way:
                    break
                for made in wait(under_way, return_when=FIRST_COMPLETED).done:
                    name, trials = under_way.pop(made), made.result()
                    self.run.add(trials)
                    spent += _dollars(trials)
                    shown.done(f"{name}; ${spent:.6f} so far")
        self._budget.check(spent, left=len(list(waiting)), of="tasks")

    @property
    def _bidding(self) -> bool:
        """Whether work alone won't do: there are auctions to hold, or plans to work by."""
        return self.means.bids or self.asked.file.auction.sight is Sight.OWN

    def _lacks_bid(self, trial: Trial) -> bool:
        return self._bidding and trial.bid_error == UNASKED

    def stream_all(self, streams: Sequence[tuple[str, int]], *, quiet: bool) -> dict[str, str]:
        """Play auctions, each policy in each order; returns who was left out, and why.

        What is on record for all tasks stands: where trials change, samples are forgotten. Raises
        `BudgetError` as `collect` does.
        """
        left_out = {policy: reason for policy, _ in streams if (reason := self._lacking(policy))}
        streams = [one for one in streams if one[0] not in left_out]
        counts = Counter((one.policy, one.order) for one in self.run.samples())
        whole = len(self._stops) * self.means.attempts
        left = [one for one in streams if counts[one] != whole]
        if not left:
            return left_out
        embedder = cache(lambda: Remembering(open_embedder()))
        with bar(total=len(left) * whole, doing="holding auctions", quiet=quiet) as shown:
            for policy, order in left:
                made = [
                    sample.model_copy(update={"attempt": attempt})
                    for attempt in range(self.means.attempts)
                    for sample in self.stream(policy, order, attempt, embedder, shown)
                ]
                self.run.keep(made)
        return left_out

    def _lacking(self, policy: str) -> str | None:
        """Why an auction can't be held as a policy; None where it can."""
        if self.asked.secret:
            return "its memory would keep texts that are nowhere to be kept in clear"
        if VARIANTS[policy].warm and self._taught is None:
            return "there is nothing to begin with; name a run with --warm"
        if Part.MEMORY not in VARIANTS[policy].without and locate(EMBEDDING) is None:
            return f"its lessons need the embedding model; run `sale models pull {EMBEDDING}`"
        return None

    def stream(
        self,
        policy: str,
        order: int,
        attempt: int,
        embedder: Callable[[], Embedder],
        shown: Bar,
    ) -> list[Sample]:
        """Play the auction as a policy, in one order of the tasks, with a memory of its own."""
        watcher, made = Watcher(), list[Sample]()
        with Store.open(self.run.memory(policy, order, attempt), embedder=embedder) as store:
            if VARIANTS[policy].warm and self._taught is not None:
                teach(store, self._taught)
            stream = flow(
                self._market(VARIANTS[policy], attempt, store, watcher),
                watcher,
                self._stops,
                policy=policy,
                order=order,
                seed=self.asked.seed,
                usd=self.asked.file.limits.usd,
                doing=shown.doing,
            )
            told, whole = self._metered.usd, len(self._stops)
            for sample in stream:
                live, told = self._metered.usd - told, self._metered.usd
                made.append(sample.model_copy(update={"live_usd": live}))
                shown.done(f"{policy}, order {order}: {sample.task}")
                if live:  # what is played again costs nothing more
                    spent = self._settled + self._metered.usd
                    self._budget.check(spent, left=whole - len(made), of=f"auctions of {policy}")
        return made

    @cached_property
    def _taught(self) -> Learnt | None:
        """What a memory begins with that is warm: nothing of the tasks of this run."""
        tasks = [task.task for task in self.asked.tasks.values()]
        return self.means.warm and self.means.warm.without(tasks)

    def _market(self, variant: Variant, attempt: int, store: Store, watcher: Watcher) -> Market:
        """A market over the trials of the run, as a variant holds its auctions."""
        file, asked = variant_of(self.asked.file, variant), self.asked
        recorded, ballot = self._recorded[attempt], file.auction.ballot
        checks = RecordedChecks(recorded, verifier(file), self._grade)
        return assembled(
            file,
            asked.source,
            tier=self._tier,
            pool=RecordedPool(recorded, file.jury, ballot, lambda: self._metered, attempt),
            memory=Ended(store),
            verifier=checks.verify,
            observe=watcher,
            grader=checks.grade,
        )

    @cached_property
    def _metered(self) -> MeteredPool:
        return MeteredPool(lambda: self._live.pool)

    @cached_property
    def _live(self) -> Market:
        """The agents; nothing is awarded here, and nothing remembered."""
        self.asked.check_models()
        nothing = self.ending.enter_context(Store.open("sqlite://"))
        kind = Kind.CODING if Kind.CODING in self._kinds else Kind.SEARCH
        return self.ending.enter_context(
            running_market(
                self.asked.file,
                self.asked.source,
                nothing,
                kind=kind,
                observe=lambda *_: None,
                calls=self.means.calls,
            )
        )

    @cached_property
    def _hidden(self) -> HiddenTests:
        judge = self.ending.enter_context(opened_judge(self.means.judge, self.asked.file))
        return HiddenTests(self.asked.tasks, self.asked.file.sandbox.tier, judge)

    def _grade(self, task: Task, outcome: Outcome) -> float | None:
        return self._hidden(self._names[task.id], outcome)

    @cached_property
    def _names(self) -> Mapping[str, str]:
        return {task.task.id: name for name, task in self.asked.tasks.items()}

    @cached_property
    def _recorded(self) -> tuple[Mapping[str, Recorded], ...]:
        """For each attempt the trials by task; read once, when collecting is over."""
        trials, tasks = self.run.trials(), self.asked.tasks
        attempts = range(self.means.attempts)
        found = [by_task([one for one in trials if one.attempt == n]) for n in attempts]
        return tuple(
            {tasks[name].task.id: Recorded.of(made) for name, made in one.items() if name in tasks}
            for one in found
        )

    @property
    def _seeds(self) -> Mapping[str, int]:
        """Of each task; one that was tried keeps the seed that it was tried with."""
        trials = self.run.trials()
        first = [one for one in trials if one.played is not None and one.attempt == 0]
        return self.asked.seeds | {one.task: one.played.seed for one in first if one.played}

    @property
    def _stops(self) -> list[Stop]:
        asked, seeds = self.asked, self._seeds
        return [
            Stop(asked.listed[name], task.task, seeds[name])
            for name, task in asked.tasks.items()
            if all(task.task.id in one for one in self._recorded)
        ]

    @cached_property
    def _kinds(self) -> set[Kind]:
        return {task.task.kind for task in self.asked.tasks.values()}

    @cached_property
    def _tier(self) -> str:
        if Kind.CODING not in self._kinds:
            return "not used"
        return str(sandbox.choose(self.asked.file.sandbox.tier).tier)

    @cached_property
    def _settled(self) -> float:
        """Dollars of all work on record when the auctions begin, as far as they are known."""
        return _dollars(self.run.trials()) + sum(one.live_usd for one in self.run.samples())

    @property
    def _budget(self) -> Budget:
        return Budget(self.means.usd)


Made = tuple[Trial, ...]
Try = tuple[str, int]
"""The name of a task, and which attempt at it."""


@contextmanager
def _threads(count: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that an interruption doesn't wait for."""
    threads = ThreadPoolExecutor(count)
    try:
        yield threads
    except BaseException:
        threads.shutdown(wait=False, cancel_futures=True)
        raise
    threads.shutdown()


@contextmanager
def played(asked: Asked, run: Run, means: Means) -> Iterator[Play]:
    """A run to play; its agents end with the block."""
    with ExitStack() as ending:
        yield Play(asked, run, means, ending)


def _dollars(trials: Made) -> float:
    """As far as they are known."""
    return sum((one.usd or 0.0) + (one.auction_usd or 0.0) for one in trials)
