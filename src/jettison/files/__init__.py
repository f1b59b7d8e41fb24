"""The file table: every path of every layer, who owns it and what it is; the ledger that adds up."""
