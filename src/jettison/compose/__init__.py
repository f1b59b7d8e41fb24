"""An image from Debian packages, wheels and files, without an engine and without root."""
