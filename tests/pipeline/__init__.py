"""The pipeline's rules, each on its own: no engine, no network, stores in memory."""
