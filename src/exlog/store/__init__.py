"""The store: the only place that touches files."""
