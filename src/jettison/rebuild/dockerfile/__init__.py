"""Dockerfile and plan → text, with an account of every instruction."""
