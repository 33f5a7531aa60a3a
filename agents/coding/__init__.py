"""Coding work: the sandbox, the visible checks of a task, and the tools of the agent."""
