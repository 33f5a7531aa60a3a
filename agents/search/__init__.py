"""Deep search: a corpus of documents and the tools of the agent that reads it."""
