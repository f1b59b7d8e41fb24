"""The lesson's detection service: Faster R-CNN behind FastAPI.

No trained weights are shipped: make_model.py draws them, so the boxes mean nothing, but are the same each time.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import albumentations
import cv2
import numpy as np
import pandas as pd
import torch
from fastapi import FastAPI, HTTPException, Request
from sklearn.cluster import KMeans
from torchvision.models.detection import fasterrcnn_resnet50_fpn

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
MOST = 5
RESIZE = albumentations.Compose([albumentations.Resize(256, 256)])


def load(path: Path) -> torch.nn.Module:
    """Return the detector with its weights read from a file of signed bytes, scaled by what goes into each layer."""
    model = fasterrcnn_resnet50_fpn(
        weights=None, weights_backbone=None, box_score_thresh=0.0, box_detections_per_img=MOST
    )
    flat, at = np.memmap(path, np.int8, "r"), 0
    with torch.no_grad():
        for _, weights in model.named_parameters():
            count = weights.numel()
            piece = flat[at : at + count].astype(np.float32).reshape(weights.shape) / 74
            weights.copy_(torch.from_numpy(piece / max(count / weights.shape[0], 1) ** 0.5))
            at += count
    return model.eval().to(DEVICE)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.model = load(Path(os.environ["WEIGHTS"]))
    yield


app = FastAPI(lifespan=lifespan)


@app.get("/health")
def health() -> dict:
    return {"status": "ok", "device": DEVICE}


@app.post("/detect")
async def detect(request: Request) -> dict:
    picture = cv2.imdecode(np.frombuffer(await request.body(), np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise HTTPException(400, "not a picture")
    picture = RESIZE(image=cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))["image"]
    planes = torch.from_numpy(picture.transpose(2, 0, 1).copy()).float().div(255).to(DEVICE)
    with torch.inference_mode():
        found = request.app.state.model([planes])[0]
    boxes = pd.DataFrame(found["boxes"].cpu().numpy().round(2), columns=["x1", "y1", "x2", "y2"])
    colours = KMeans(2, n_init=1, random_state=0).fit(picture.reshape(-1, 3)[::97]).cluster_centers_
    return {"boxes": boxes.to_dict("records"), "colours": colours.round(1).tolist()}
