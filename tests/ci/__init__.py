"""The pipelines of `tba init --ci`, run: their scripts executed by bash in clean clones of a repository."""
