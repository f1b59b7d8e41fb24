"""What is to become of a Dockerfile, as data: fixes chosen, stages to be made."""
