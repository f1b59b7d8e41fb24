"""The service: python -m sentiment."""

import json
import math
import os
from importlib.resources import files

from flask import Flask, Response, jsonify, request
from waitress import serve

app = Flask(__name__)
WORDS = json.loads(files("sentiment").joinpath("words.json").read_text())


@app.get("/healthz")
def healthz() -> Response:
    return jsonify(status="ok", words=len(WORDS))


@app.post("/predict")
def predict() -> Response:
    words = request.get_json()["text"].lower().split()
    score = sum(WORDS.get(word.strip(".,!?"), 0) for word in words)
    return jsonify(score=score, friendly=round(1 / (1 + math.exp(-score)), 6))


if __name__ == "__main__":
    serve(app, host="0.0.0.0", port=int(os.environ["PORT"]))
