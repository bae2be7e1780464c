"""exlog: a command-line ledger for customer exceptions, kept as CSV and YAML in git."""

__version__ = "0.1.0"
