"""Loads what the service needs, says that it is ready, and waits."""

import signal

import torch
import torchvision

print("ready", torch.__version__, torchvision.__version__, flush=True)
signal.pause()
