"""What happens in auctions, a line of JSON an event, for programs that read logs."""

from __future__ import annotations

import json
import time
from pathlib import Path

from sale.errors import ConfigError
from sale.types import Auction


class EventLog:
    """An observer of auctions that appends to a file; several processes may share it."""

    def __init__(self, path: Path) -> None:
        try:
            self._file = path.open("a", encoding="utf-8", buffering=1)
        except OSError as error:
            raise ConfigError(
                f"telemetry.log: {str(path)!r} can't be written: {error.strerror}"
            ) from None

    def observe(self, auction: Auction, doing: str) -> None:
        """Note one event; a disk that is full costs the line and not the auction."""
        total = auction.total
        event = {
            "time": time.time(),
            "event": doing[:300],
            "auction": auction.id,
            "task": auction.task.id,
            "kind": auction.task.kind,
            "state": auction.state,
            "run": auction.run,
            "calls": total.calls,
            "usd": total.usd,
        }
        try:
            self._file.write(json.dumps(event) + "\n")
        except OSError:
            return

    def close(self) -> None:
        """Close the file."""
        self._file.close()
