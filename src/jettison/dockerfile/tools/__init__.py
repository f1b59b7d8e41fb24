"""The programs that recipes call, as data: their options, sub-commands and names; and calls of them."""
