"""Who bids: agents, the back ends they run on, and how they work."""
