"""The shape of a market file: every table, its keys, their limits and defaults."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from sale.auction.jury import MAX_PLANS
from sale.auction.terms import Ballot, CostModel, Part, Prefer, Sight, Stages, contradiction
from sale.auction.weights import Scale, Weights, cost_scale, even
from sale.errors import InputError
from sale.rules import Deadlines
from sale.sharing import sharing
from sale.types import AgentSpec, Kind, Limits, Price, ToolUse

JURY_WEIGHT = 0.7
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,63}$")]


class _Table(BaseModel):
    model_config = ConfigDict(defer_build=True, extra="forbid", frozen=True, allow_inf_nan=False)


def _from_zero(span: object) -> object:
    return (0.0, span) if isinstance(span, int | float) else span


def rising(span: tuple[float, float]) -> tuple[float, float]:
    """Refuse a span whose low isn't below its high."""
    if not span[0] < span[1]:
        raise ValueError(f"a span goes from low to high, got {list(span)}")
    return span


class PriceTable(_Table):
    """Dollars per million tokens; `cached` defaults to `input`."""

    input: NonNegativeFloat
    output: NonNegativeFloat
    cached: NonNegativeFloat | None = None

    def price(self) -> Price:
        """The price that this table describes."""
        cached = self.input if self.cached is None else self.cached
        return Price(self.input, cached, self.output)


class AgentTable(_Table):
    """One `[[agent]]`: a bidder."""

    name: Name
    model: str
    backend: str
    price: PriceTable | None = None
    kinds: tuple[Kind, ...] = tuple(Kind)
    replicas: PositiveInt = 1
    min_replicas: NonNegativeInt | None = None
    idle_s: PositiveFloat = 300.0
    queue: NonNegativeInt | None = None
    slots: PositiveInt = 1
    context: Annotated[int, Field(ge=512)] = 4096
    adapter: str | None = None
    plan_tokens: Annotated[int, Field(ge=16, le=2000)] = 120
    gpus: NonNegativeFloat = 0.0
    tools: ToolUse = ToolUse.TEXT
    prompt: Annotated[str, Field(max_length=4000)] = ""
    """What this agent alone is told, behind the system prompt that all share."""
    options: dict[str, JsonValue] = {}

    @model_validator(mode="after")
    def _no_more_than_may_be(self) -> AgentTable:
        if self.min_replicas is not None and self.min_replicas > self.replicas:
            raise ValueError(
                f"agent {self.name!r}: min_replicas is {self.min_replicas}, and replicas, the most "
                f"there may be, is {self.replicas}"
            )
        return self

    def spec(self) -> AgentSpec:
        """The roster entry that this table describes."""
        values = self.model_dump(exclude={"price", "kinds"})
        price = None if self.price is None else self.price.price()
        return AgentSpec(**values, kinds=frozenset(self.kinds), price=price)


Span = Annotated[tuple[float, float], BeforeValidator(_from_zero), AfterValidator(rising)]
"""The span of a feature that counts as 0 to 1; a lone number begins at 0."""


class WeightsTable(_Table):
    """`[auction.weights]`: the weights of a score; see `sale.auction.weights.Weights`."""

    file: str | None = None
    """A file that `sale fit` wrote, in place of all other keys; beside the market file."""
    cost: NonNegativeFloat = 0.3
    entropy: float = 0.0
    jury: NonNegativeFloat | None = None
    """0.7, spread evenly over the jury, unless `jurors` names the weight of each."""
    jurors: dict[str, NonNegativeFloat] | None = None
    cost_scale: Span | None = None
    """Millionths of a dollar; by default the dearest plan that the roster could bid."""
    entropy_scale: Span = (0.0, 1.0)
    rating_scales: dict[str, Span] = {}

    @model_validator(mode="after")
    def _one_way(self) -> WeightsTable:
        if self.jury is not None and self.jurors is not None:
            raise ValueError("auction.weights: give either jury or jurors, not both")
        if self.file is not None and self.model_fields_set != {"file"}:
            raise ValueError("auction.weights: a file holds all weights; leave the other keys out")
        return self


class AuctionTable(_Table):
    """`[auction]`: how an auction is held."""

    jury: tuple[str, ...] | None = None
    """Names of the jurors; by default every agent, or those whose weight is not 0."""
    ballot: Ballot = Ballot.JOINT
    """Whether a juror rates all plans of a round in one call, or each in one of its own."""
    cost: CostModel = CostModel.PLAN
    """What stands for a bid's cost: its plan's price, or the predicted dollars of its work."""
    without: frozenset[Part] = frozenset()
    """Parts of the published auction that are left out."""
    refine: bool = True
    lessons: Annotated[int, Field(ge=0, le=32)] = 8
    plan_in_prompt: Sight = Sight.OWN
    """Whose plan the winner sees while it works."""
    stages: Stages = Stages.FULL
    """Bids in every auction, or only until memory tells who is worth its price."""
    prefer: Prefer = Prefer.BALANCED
    """With stages = "auto": what a solved task is worth, against the dearest agent's work."""
    value: PositiveFloat | None = None
    """With stages = "auto": dollars that a solved task is worth, in place of `prefer`."""
    explore: Annotated[float, Field(ge=0, le=1)] = 0.05
    """With stages = "auto": profit that may be given up to learn, as a share of the dollars."""
    fallbacks: Annotated[int, Field(ge=0, le=MAX_PLANS)] = 1
    """How often the work may pass on, to the next best bid or to whom memory sends."""
    fallback_on: Literal["crash", "failure"] = "crash"
    """After a crashed winner only, or also after an answer that fails its visible checks."""
    bid_deadline_s: PositiveFloat = 120.0
    rate_deadline_s: PositiveFloat = 120.0
    load_deadline_s: PositiveFloat = 600.0
    """For an agent's model to load; the other deadlines begin afterwards."""
    weights: WeightsTable = WeightsTable()

    @property
    def deadlines(self) -> Deadlines:
        """Seconds that each kind of call may take."""
        return Deadlines(self.bid_deadline_s, self.rate_deadline_s, self.load_deadline_s)

    @property
    def sight(self) -> Sight:
        """Whose plan the winner sees while it works, where that isn't left out."""
        return Sight.NONE if Part.PLAN in self.without else self.plan_in_prompt

    @model_validator(mode="after")
    def _makes_sense(self) -> AuctionTable:
        if problem := contradiction(self.without, self.cost):
            raise ValueError(f"auction.without: {problem}")
        return self


class LimitsTable(_Table):
    """`[limits]`: what one execution may use."""

    steps: PositiveInt = 12
    tokens: PositiveInt = 40_000
    wall_s: PositiveFloat = 600.0
    reply_tokens: Annotated[int, Field(ge=32)] = 700
    samples: Annotated[int, Field(ge=1, le=10)] = 3
    format_errors: PositiveInt = 3
    repeats: Annotated[int, Field(ge=2)] = 3
    reserve: Annotated[float, Field(ge=0.0, le=0.5)] = 0.12
    temperature: Annotated[float, Field(ge=0.0, le=2.0)] = 0.0
    usd: PositiveFloat | None = None
    """Dollars for a whole auction, bids and ratings included."""


class SandboxTable(_Table):
    """`[sandbox]`: where code written by a model runs."""

    tier: Literal["auto", "bwrap+landlock", "bwrap", "landlock", "none"] = "auto"


class RayTable(_Table):
    """`[ray]`: where the actors run."""

    address: str | None = None
    """A running cluster; by default `RAY_ADDRESS`, else Ray is started on this machine."""


class TelemetryTable(_Table):
    """`[telemetry]`: what others see of auctions while they run."""

    traces: Annotated[str, Field(pattern=r"^https?://")] | None = None
    """Where an OpenTelemetry collector takes traces over HTTP."""
    metrics_port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """Where a market that is up answers Prometheus, on this machine alone."""
    log: str | None = None
    """A file for a line of JSON an event."""


class MarketFile(_Table):
    """A whole market file."""

    agent: Annotated[tuple[AgentTable, ...], Field(min_length=1, max_length=MAX_PLANS)]
    auction: AuctionTable = AuctionTable()
    limits: LimitsTable = LimitsTable()
    sandbox: SandboxTable = SandboxTable()
    ray: RayTable = RayTable()
    telemetry: TelemetryTable = TelemetryTable()
    memory: str | None = None
    """URL of the auction memory; by default a SQLite file in the user's data folder."""
    privacy: Literal["none", "hash"] = "none"
    """Whether texts are remembered, or their hashes alone; secrets are masked either way."""

    @model_validator(mode="after")
    def _names_agree(self) -> MarketFile:
        names = [agent.name for agent in self.agent]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"agent: the name {twice[0]!r} is used twice; names must differ")
        weights = self.auction.weights
        named = {*(self.auction.jury or ()), *(weights.jurors or ()), *weights.rating_scales}
        if unknown := sorted(named - set(names)):
            raise ValueError(
                f"auction: juror {unknown[0]!r} is no agent; choose from {', '.join(names)}"
            )
        return self

    def leaving_out(self, parts: Collection[Part]) -> MarketFile:
        """The same market without these parts of the auction, on top of those it leaves out.

        Raises `InputError` where that makes no sense.
        """
        auction = self.auction
        without = auction.without | frozenset(parts)
        if problem := contradiction(without, auction.cost):
            raise InputError(f"--without: {problem}")
        return self.model_copy(update={"auction": auction.model_copy(update={"without": without})})

    def waiting_for(self, stages: Stages) -> MarketFile:
        """The same market with awards that wait for this evidence."""
        auction = self.auction.model_copy(update={"stages": stages})
        return self.model_copy(update={"auction": auction})

    @property
    def roster(self) -> tuple[AgentSpec, ...]:
        """Everyone who may bid, in the file's order; who can share a model shares it."""
        return sharing(tuple(agent.spec() for agent in self.agent))

    @property
    def jury(self) -> tuple[str, ...]:
        """The names of the jurors, in the roster's order."""
        if Part.JURY in self.auction.without:
            return ()
        weights = self.auction.weights.jurors
        counted = None if weights is None else [name for name, w in weights.items() if w]
        chosen = counted if self.auction.jury is None else self.auction.jury
        return tuple(a.name for a in self.agent if chosen is None or a.name in chosen)

    def weights(self) -> Weights:
        """The weights of a score, with every default worked out."""
        table = self.auction.weights
        if table.jurors is None:
            jurors = even(self.jury, total=JURY_WEIGHT if table.jury is None else table.jury)
        else:
            jurors = {name: table.jurors.get(name, 0.0) for name in self.jury}
        return Weights(
            cost=table.cost,
            entropy=table.entropy,
            jurors=jurors,
            cost_scale=Scale(*table.cost_scale) if table.cost_scale else cost_scale(self.roster),
            entropy_scale=Scale(*table.entropy_scale),
            rating_scales={name: Scale(*span) for name, span in table.rating_scales.items()},
        )

    def execution_limits(self, *, usd: float | None) -> Limits:
        """The limits of one execution with so many dollars left."""
        return Limits(**{**self.limits.model_dump(), "usd": usd})
