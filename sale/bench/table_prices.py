"""The agents' prices for an outcome table, which has dollars of runs and no price list."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from sale.errors import InputError

Dollars = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]


class Listed(BaseModel):
    """What a price list says of an agent; what else it says is not used."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    output_price: Dollars | None = None


def read_prices(path: Path) -> dict[str, float]:
    """Read dollars per million output tokens by agent, from a JSON object.

    A value is a number, or an object with `output_price`; null is an unknown price. Raises
    `InputError` with the file and the agent of the first mistake.
    """
    try:
        listed = TypeAdapter(dict[str, Dollars | Listed | None]).validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(
            f"--prices {str(path)!r} can't be read: {error.strerror or error}; name a JSON file"
        ) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        agent = "".join(f", agent {str(name)[:60]!r}" for name in first["loc"][:1])
        raise InputError(
            f"{path}{agent}: {first['msg'].lower()}; expected "
            '{"agent": dollars per million output tokens, ...}'
        ) from error
    prices = {
        name: one.output_price if isinstance(one, Listed) else one for name, one in listed.items()
    }
    return {name: price for name, price in prices.items() if price is not None}
