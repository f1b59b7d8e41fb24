"""Shell bodies of RUN, CMD, ENTRYPOINT and HEALTHCHECK: the commands in them, each with its place in the file."""
