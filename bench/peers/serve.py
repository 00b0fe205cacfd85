"""What a peer's process says: JSON lines on standard input and output, as serve.mjs does."""

import json
import os
import sys
import time

import numpy as np


def read_problem(net):
    """x [steps, B, I], y [steps, B, O], [(W [in, out], b [out]), ...] of a net's files."""
    sizes, batch, steps = net["sizes"], net["batch"], net["steps"]
    files = net["files"]
    x = np.fromfile(files["x"], np.float32).reshape(steps, batch, sizes[0])
    y = np.fromfile(files["y"], np.float32).reshape(steps, batch, sizes[-1])
    flat = np.fromfile(files["weights"], np.float32)
    layers, at = [], 0
    for inputs, outputs in zip(sizes, sizes[1:]):
        weight = flat[at : at + inputs * outputs].reshape(inputs, outputs)
        at += inputs * outputs
        layers.append((weight.copy(), flat[at : at + outputs].copy()))
        at += outputs
    return x, y, layers


def serve(setup):
    """setup(net) gives an object with version, losses(count) and chunk(): runs some steps, gives their number."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer
    runner = None
    for line in sys.stdin:
        request = json.loads(line)
        command = request["command"]
        if command == "end":
            return
        try:
            if command == "setup":
                runner = None
                runner = setup(request["net"])
                answer = {"version": runner.version}
            elif command == "losses":
                answer = {"losses": [float(v) for v in runner.losses(request["count"])]}
            else:
                start, steps = time.perf_counter(), 0
                while time.perf_counter() - start < request["ms"] / 1000:
                    steps += runner.chunk()
                answer = {"steps": steps, "seconds": time.perf_counter() - start}
        except Exception as error:  # noqa: BLE001  the other side shows it and goes on without this peer
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
