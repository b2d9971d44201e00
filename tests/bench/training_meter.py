"""Measures the steps of a training: time, memory, kernels and how long the device is busy with them.

The same steps are taken twice and only the second pass counts, since the first one compiles, plans and allocates. The
first steps are then taken a third time under the profiler, which slows them down.
"""

import time
from pathlib import Path

import torch
from torch.autograd import DeviceType
from torch.profiler import ProfilerActivity, profile

PROFILED = 2
"""Steps at most that are taken a third time."""
_NO_KERNEL = ("Memcpy", "Memset", "aten::empty", "aten::detach")


def passes(steps):
    """Return the steps twice, and the first of them once more, for a meter."""
    return [*steps, *steps, *steps[:PROFILED]]


class Meter:
    """Meets each step's begin and end, in the order of `passes`."""

    def __init__(self, device, steps):
        """Prepare for so many steps a pass on a device, whose memory holds the weights by now."""
        self._cuda, self._count, self._met = torch.device(device).type == "cuda", steps, 0
        self._profiler = None
        self._resting_bytes = self._memory("VmRSS")

    def begin(self):
        """Note the clocks where the second pass begins, and start the profiler where the third does."""
        if self._met == self._count:
            self._forget_peak()
            self._started = self._clocks()
        if self._met == 2 * self._count:
            kinds = [ProfilerActivity.CPU, ProfilerActivity.CUDA]
            self._profiler = profile(activities=kinds if self._cuda else kinds[:1])
            self._profiler.__enter__()

    def end(self):
        """Note clocks and memory where the second pass ends, once the device is done."""
        self._met += 1
        if self._met == 2 * self._count:
            ended = self._clocks()
            self._wall_s, self._cpu_s = (end - start for start, end in zip(self._started, ended, strict=True))
            self._peak_bytes = self._memory("VmHWM")

    def figures(self):
        """Return what a step of the second pass took, and the memory at its peak above the weights."""
        return {
            "step_s": self._wall_s / self._count,
            "step_cpu_s": self._cpu_s / self._count,
            "peak_bytes": self._peak_bytes - self._resting_bytes,
        }

    def kernels(self):
        """Return the kernels of a profiled step and the share of a step's time that a GPU is busy with them.

        On a CPU, which launches none, return the operations instead.
        """
        self._clocks()
        self._profiler.__exit__(None, None, None)
        steps = self._met - 2 * self._count
        wanted = DeviceType.CUDA if self._cuda else DeviceType.CPU
        run = [event for event in self._profiler.events() if event.device_type == wanted and _is_kernel(event)]
        if not self._cuda:
            return {"operations": len(run) / steps}
        busy_s = sum(event.time_range.elapsed_us() for event in run) / 1e6 / steps
        return {"launches": len(run) / steps, "busy_share": busy_s / self.figures()["step_s"]}

    def _clocks(self):
        if self._cuda:
            torch.cuda.synchronize()
        return time.perf_counter(), time.process_time()

    def _forget_peak(self):
        if self._cuda:
            torch.cuda.reset_peak_memory_stats()
        else:
            Path("/proc/self/clear_refs").write_text("5")

    def _memory(self, field):
        """Return the bytes of tensors on a GPU, or of the process: now (VmRSS) or at the peak (VmHWM)."""
        if self._cuda:
            return torch.cuda.max_memory_allocated() if field == "VmHWM" else torch.cuda.memory_allocated()
        lines = Path("/proc/self/status").read_text().splitlines()
        return 1024 * int(next(line for line in lines if line.startswith(field)).split()[1])


def _is_kernel(event):
    """Return whether an event is a kernel of a GPU, or on a CPU an operation that calls no other."""
    if event.name.startswith(_NO_KERNEL) or getattr(event, "is_user_annotation", False):
        return False
    return event.device_type == DeviceType.CUDA or (event.name.startswith("aten::") and not event.cpu_children)


def microseconds(call, *, calls, device):
    """Return the time of a call, the fastest of three rounds of so many, after one to warm up."""
    cuda = torch.device(device).type == "cuda"
    taken = []
    for _ in range(4):
        start_s = time.perf_counter()
        for _ in range(calls):
            call()
        if cuda:
            torch.cuda.synchronize()
        taken.append(time.perf_counter() - start_s)
    return min(taken[1:]) / calls * 1e6
