"""One module a command: arguments in, a record to the report out."""
