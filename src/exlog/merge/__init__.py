"""Three-way merges of a ledger's files, cell by cell, on raw headers and columns; never on typed records.

Swap the sides and the bytes are the same. Nothing here reads a file: ``commands/merging`` does, for git.
"""
