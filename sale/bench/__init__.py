"""Proof: every agent and every policy on the same tasks."""
