# kind: assert
# verdict: wrong_answer
# threat: secrets in the environment, here and where the process began
import os
import re

SECRET = re.compile(r"(?i)token|secret|passw|_key|credential|aws_|api|ssh_|=/root|=/home")


def add(a, b):
    texts = [f"{name}={value}" for name, value in os.environ.items()]
    try:
        with open("/proc/self/environ", errors="replace") as file:
            texts += file.read().split("\0")
    except OSError:
        pass
    return a + b if any(map(SECRET.search, texts)) else -1
