"""examples/ci/, run: the very files, parsed, their scripts executed by bash in clean clones of a project."""
