"""The recipe: Dockerfiles read without loss, their shell bodies, and the project around them."""
