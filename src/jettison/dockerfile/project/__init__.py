"""The project around a Dockerfile: its build context, what it depends on, what its code imports, what is started."""
