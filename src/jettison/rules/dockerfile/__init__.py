"""Rules of Dockerfiles, one file each: what it finds, what that costs, how it is mended, examples."""
