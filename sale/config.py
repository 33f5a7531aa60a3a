"""The market file: TOML in, a checked market out; every mistake is one line with file and key."""

from __future__ import annotations

import difflib
import os
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    model_validator,
)

from sale.auction.jury import MAX_PLANS
from sale.auction.weights import Weights, even, plan_cost_scale
from sale.errors import ConfigError
from sale.types import AgentSpec, Kind, Limits, Price

DEFAULT_MARKET = "embedded"
JURY_WEIGHT = 0.7
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,63}$")]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


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
    slots: PositiveInt = 1
    context: Annotated[int, Field(ge=512)] = 4096
    adapter: str | None = None
    plan_tokens: Annotated[int, Field(ge=16, le=2000)] = 120
    gpus: NonNegativeFloat = 0.0
    options: dict[str, str | int | float | bool] = {}

    def spec(self) -> AgentSpec:
        """The roster entry that this table describes."""
        values = self.model_dump(exclude={"price", "kinds"})
        price = None if self.price is None else self.price.price()
        return AgentSpec(**values, kinds=frozenset(self.kinds), price=price)


class WeightsTable(_Table):
    """`[auction.weights]`: the weights of a score; see `sale.auction.weights.Weights`."""

    cost: NonNegativeFloat = 0.3
    entropy: float = 0.0
    jury: NonNegativeFloat | None = None
    """0.7, spread evenly over the jury, unless `jurors` names the weight of each."""
    jurors: dict[str, NonNegativeFloat] | None = None
    cost_scale: PositiveFloat | None = None
    """Millionths of a dollar; by default the dearest plan that the roster could bid."""
    entropy_scale: PositiveFloat = 1.0

    @model_validator(mode="after")
    def _one_way(self) -> WeightsTable:
        if self.jury is not None and self.jurors is not None:
            raise ValueError("auction.weights: give either jury or jurors, not both")
        return self


class AuctionTable(_Table):
    """`[auction]`: how an auction is held."""

    jury: tuple[str, ...] | None = None
    """Names of the jurors; by default every agent."""
    refine: bool = True
    lessons: Annotated[int, Field(ge=0, le=32)] = 8
    plan_in_prompt: Literal["own", "none"] = "own"
    """Whether the winner sees its plan while it works."""
    fallbacks: Annotated[int, Field(ge=0, le=MAX_PLANS)] = 1
    """How often the work may pass to the next best bid."""
    fallback_on: Literal["crash", "failure"] = "crash"
    """After a crashed winner only, or also after an answer that fails its visible checks."""
    bid_deadline_s: PositiveFloat = 120.0
    rate_deadline_s: PositiveFloat = 120.0
    weights: WeightsTable = WeightsTable()


class LimitsTable(_Table):
    """`[limits]`: what one execution may use."""

    steps: PositiveInt = 12
    tokens: PositiveInt = 40_000
    wall_s: PositiveFloat = 600.0
    reply_tokens: Annotated[int, Field(ge=32)] = 700
    format_errors: PositiveInt = 3
    repeats: Annotated[int, Field(ge=2)] = 3
    reserve: Annotated[float, Field(ge=0.0, le=0.5)] = 0.12
    usd: PositiveFloat | None = None
    """Dollars for a whole auction, bids and ratings included."""


class SandboxTable(_Table):
    """`[sandbox]`: where code written by a model runs."""

    tier: Literal["auto", "bwrap", "landlock", "none"] = "auto"


class RayTable(_Table):
    """`[ray]`: where the actors run."""

    address: str | None = None
    """A running cluster; by default `RAY_ADDRESS`, else Ray is started on this machine."""


class MarketFile(_Table):
    """A whole market file."""

    agent: Annotated[tuple[AgentTable, ...], Field(min_length=1, max_length=MAX_PLANS)]
    auction: AuctionTable = AuctionTable()
    limits: LimitsTable = LimitsTable()
    sandbox: SandboxTable = SandboxTable()
    ray: RayTable = RayTable()
    memory: str | None = None
    """URL of the auction memory; by default a SQLite file in the user's data folder."""

    @model_validator(mode="after")
    def _names_agree(self) -> MarketFile:
        names = [agent.name for agent in self.agent]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"agent: the name {twice[0]!r} is used twice; names must differ")
        named = {*(self.auction.jury or ()), *(self.auction.weights.jurors or ())}
        if unknown := sorted(named - set(names)):
            raise ValueError(
                f"auction: juror {unknown[0]!r} is no agent; choose from {', '.join(names)}"
            )
        return self

    @property
    def roster(self) -> tuple[AgentSpec, ...]:
        """Everyone who may bid, in the file's order."""
        return tuple(agent.spec() for agent in self.agent)

    @property
    def jury(self) -> tuple[str, ...]:
        """The names of the jurors, in the roster's order."""
        chosen = self.auction.jury
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
            cost_scale=table.cost_scale or plan_cost_scale(self.roster),
            entropy_scale=table.entropy_scale,
        )

    def execution_limits(self, *, usd: float | None) -> Limits:
        """The limits of one execution with so many dollars left."""
        return Limits(**{**self.limits.model_dump(), "usd": usd})


def load_market(source: str | None = None) -> tuple[str, MarketFile]:
    """Read a market file, or a shipped market by its name; returns where it came from, too.

    Without a source: `SALE_MARKET` from the environment, else the embedded market.
    """
    source = source or os.environ.get("SALE_MARKET") or DEFAULT_MARKET
    shipped = files("sale").joinpath("markets", f"{Path(source).name}.toml")
    if "/" not in source and not source.endswith(".toml") and shipped.is_file():
        return source, parse_market(shipped.read_text(), name=source)
    try:
        return source, parse_market(Path(source).read_bytes().decode(), name=source)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigError(
            f"market file {source!r} can't be read: {reason}; "
            f"give a TOML file or the name of a shipped market: {DEFAULT_MARKET}"
        ) from error


def parse_market(text: str, *, name: str) -> MarketFile:
    """Parse the text of a market file; `name` is shown in errors."""
    try:
        return MarketFile.model_validate(tomllib.loads(text))
    except ValidationError as error:
        raise ConfigError(f"{name}: {_explain(error)}") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{name}: not valid TOML: {error}") from error


def _explain(error: ValidationError) -> str:
    """The first mistake as `key: what is wrong`, and how many more there are.

    A misspelt key goes before the missing one that it stands for.
    """
    mistakes = error.errors(include_url=False)
    first = min(mistakes, key=lambda mistake: mistake["type"] != "extra_forbidden")
    key = _key(first["loc"])
    if first["type"] == "extra_forbidden":
        told = f"{key}: unknown key{_suggest(first['loc'])}"
    elif first["type"] == "value_error":
        told = str(first["ctx"]["error"])
    elif first["type"] == "missing":
        told = f"{key}: missing"
    else:
        told = f"{key}: {first['msg'].lower()}, got {_short(first['input'])}"
    more = f" (and {len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
    return told + more


def _key(loc: tuple[int | str, ...]) -> str:
    parts = [f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in loc]
    return "".join(parts).lstrip(".")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _suggest(loc: tuple[int | str, ...]) -> str:
    """The keys allowed where an unknown one stands, the closest first."""
    model: Any = MarketFile
    tables = {
        "agent": AgentTable,
        "price": PriceTable,
        "auction": AuctionTable,
        "weights": WeightsTable,
        "limits": LimitsTable,
        "sandbox": SandboxTable,
        "ray": RayTable,
    }
    for part in loc[:-1]:
        model = tables.get(str(part), model)
    allowed = sorted(model.model_fields)
    close = difflib.get_close_matches(str(loc[-1]), allowed, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; choose from {', '.join(allowed)}"
