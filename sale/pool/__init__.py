"""The running agents on Ray: the only package that knows it.

`RayPool` is the pool; a `Crew` holds the replicas that serve one model, each a `Seat` with an
`Actor` in it.
"""

from sale.pool.ray_pool import RayPool

__all__ = ["RayPool"]
