"""The command line: parse, call the ledger, hand the result to render."""
