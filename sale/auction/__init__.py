"""The auction itself: pure functions from bids and ratings to a decision."""
