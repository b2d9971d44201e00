"""Speed, as ratios in one run: MBPP samples against a harness that forks itself, a stdio test against a bare fork.

The baseline works the way evalplus does: each of its workers forks itself for each sample, runs program and tests in
the fork beside each other, and reads the outcome from shared memory. It has no isolation of its own; because the
samples are untrusted it runs as a whole in one jail of ours, which costs it nothing per sample.
"""

import multiprocessing
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from mbpp_samples import skip_without_data, accepted_samples
