"""What all tests share: a slow machine is no reason for a test to fail."""

from hypothesis import settings

settings.register_profile("jettison", deadline=None)
settings.load_profile("jettison")
