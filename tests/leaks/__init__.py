"""No secret value anywhere but in its source and its store: canaries are planted, and everything else is searched."""
