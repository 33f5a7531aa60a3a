"""The running agents on Ray: the only package that knows it.

`RayPool` is the pool; a `Crew` holds the replicas that serve one model, each a `Seat` with an
`Actor` in it. A market that is up has its pool behind a `Switchboard`, and `JoinedPool` joins it.
"""

from sale.pool.ray_pool import RayPool
from sale.pool.switchboard import JoinedPool

__all__ = ["JoinedPool", "RayPool"]
