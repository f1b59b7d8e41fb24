"""Edges in a picture of numbers: a CPU service that uses OpenCV for arithmetic and never opens a window."""

import os

import cv2
import numpy as np
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()
LEVEL = os.environ["LOG_LEVEL"]


class Picture(BaseModel):
    """A grey picture, row by row, 0 to 255."""

    rows: list[list[int]]


@app.get("/healthz")
def healthz() -> dict:
    return {"status": "ok", "log": LEVEL}


@app.post("/predict")
def predict(picture: Picture) -> dict:
    grey = np.array(picture.rows, np.uint8)
    edges = cv2.Canny(cv2.GaussianBlur(grey, (3, 3), 0), 40, 120)
    return {"edges": int((edges > 0).sum()), "mean": round(float(grey.mean()), 4)}
