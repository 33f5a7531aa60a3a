"""One module a revision; what is here is never changed again."""
