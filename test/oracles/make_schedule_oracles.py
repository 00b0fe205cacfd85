"""Learning rates by PyTorch's schedulers, for test/nn/schedules.test.ts. Writes schedules.json beside this file. (pip install torch)"""
import json, math, os, warnings
import torch
from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, LambdaLR, LinearLR, MultiStepLR, OneCycleLR, SequentialLR

warnings.simplefilter("ignore")
BASE = 0.05
AFTER_WARMUP = {
    "constant": lambda o, steps: ConstantLR(o, 1.0, steps),
    "step": lambda o, steps: MultiStepLR(o, [-(-steps // 2), -(-3 * steps // 4)], 0.1),
    "cosine": lambda o, steps: CosineAnnealingLR(o, steps),
    "one_cycle": lambda o, steps: OneCycleLR(o, BASE, steps, cycle_momentum=False),
    # Two are RealMLP's, as its paper states them; the last has three waves where the paper has four.
    "flat_cosine": lambda o, steps: LambdaLR(o, lambda i: 1 if 2 * i < steps else (1 + math.cos(math.pi * (2 * i / steps - 1))) / 2),
    "cosine_log": lambda o, steps: LambdaLR(o, lambda i: (1 - math.cos(2 * math.pi * math.log2(1 + 15 * i / steps))) / 2),
    "cosine_log_3": lambda o, steps: LambdaLR(o, lambda i: (1 - math.cos(2 * math.pi * math.log2(1 + 7 * i / steps))) / 2),
}


def rates(name, warmup, steps):
    def scheduled(make, count):
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], BASE)
        scheduler = make(optimizer)
        found = []
        for _ in range(count):
            found.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        return found

    rise = scheduled(lambda o: LinearLR(o, 1 / (warmup + 1), 1.0, warmup), warmup) if warmup else []
    return rise + scheduled(lambda o: AFTER_WARMUP[name](o, steps - warmup), steps - warmup)


cases = [{"schedule": name, "warmupSteps": warmup, "steps": steps, "rates": rates(name, warmup, steps)}
         for name in AFTER_WARMUP for warmup, steps in ((0, 10), (0, 47), (5, 40), (1, 22))]
path = os.path.join(os.path.dirname(__file__), "schedules.json")
with open(path, "w") as file:
    json.dump({"source": f"PyTorch {torch.__version__}", "base": BASE, "cases": cases}, file)
    file.write("\n")
