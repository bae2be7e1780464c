"""The ledger: opens one, finds records and customers, and commits changes."""
