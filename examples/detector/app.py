"""A small vision service: finds bright, coloured blobs in a picture and says what it saw.

POST /predict takes a PNG or JPEG and answers with boxes, scores, colours and a summary by colour.
GET /healthz answers once the model is loaded and has run once.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pandas as pd
import uvicorn
from fastapi import FastAPI, HTTPException, Request
from sklearn.neighbors import KNeighborsClassifier

HERE = Path(__file__).resolve().parent
SIDE = 256
THRESHOLD = 0.15
COLOURS = {
    "red": (220, 40, 40),
    "green": (40, 200, 60),
    "blue": (50, 70, 220),
    "yellow": (230, 220, 50),
    "white": (240, 240, 240),
}


class Detector:
    """The model, and the classifier that names a blob's colour."""

    def __init__(self, model: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(os.environ.get("THREADS", "1"))
        self.session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        names, points = zip(*COLOURS.items(), strict=True)
        self.colours = KNeighborsClassifier(n_neighbors=1).fit(np.array(points), names)

    def detect(self, picture: np.ndarray) -> list[dict]:
        """Return one record a blob, best first."""
        resized = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        planes = (resized.astype(np.float32) / 255.0).transpose(2, 0, 1)[None]
        peaks, scales = self.session.run(None, {"image": planes})
        found = [(peaks[0, 0, y, x], y, x) for y, x in np.argwhere(peaks[0, 0] > THRESHOLD)]
        boxes = [self._box(scales, y, x) for _, y, x in found]
        kept = cv2.dnn.NMSBoxes(boxes, [float(score) for score, _, _ in found], THRESHOLD, 0.3) if boxes else []
        return [self._record(resized, boxes[i], float(found[i][0])) for i in np.array(kept).flatten()]

    def _box(self, scales: np.ndarray, y: int, x: int) -> list[int]:
        radius = int((4, 8, 16)[int(np.argmax(scales[0, :, y, x]))] * 1.4)
        return [int(x) - radius, int(y) - radius, 2 * radius, 2 * radius]

    def _record(self, picture: np.ndarray, box: list[int], score: float) -> dict:
        x, y, width, height = box
        middle = picture[
            max(y + height // 2 - 1, 0) : y + height // 2 + 2, max(x + width // 2 - 1, 0) : x + width // 2 + 2
        ]
        colour = self.colours.predict([middle.reshape(-1, 3).mean(axis=0)])[0]
        return {"box": box, "score": round(score, 5), "colour": str(colour)}


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.detector = Detector(Path(os.environ.get("MODEL", HERE / "model.onnx")))
    app.state.detector.detect(np.zeros((SIDE, SIDE, 3), np.uint8))
    yield


app = FastAPI(lifespan=lifespan)


@app.get("/healthz")
def healthz() -> dict:
    return {"status": "ok"}


@app.post("/predict")
async def predict(request: Request) -> dict:
    picture = cv2.imdecode(np.frombuffer(await request.body(), np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise HTTPException(400, "not a picture")
    blobs = request.app.state.detector.detect(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))
    summary = pd.DataFrame(blobs, columns=["box", "score", "colour"]).groupby("colour")["score"].agg(["count", "mean"])
    return {"blobs": blobs, "summary": summary.round(5).to_dict("index")}


if __name__ == "__main__":
    uvicorn.run(app, host="0.0.0.0", port=8000, log_level="warning")
