"""Model calls that are made once: an exact cache of completions, shared by runs."""
