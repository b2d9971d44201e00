# kind: assert
# verdict: wrong_answer
# threat: symbolic and hard links to what lies outside, for whoever cleans up
import os


def add(a, b):
    return a + b if LEFT else -1


LEFT = os.listdir("/tmp")

for number, target in enumerate(("/", "/etc", "/root", "..", "/proc/1/root", "/dev/null", "loop", "/proc/self/fd/0")):
    os.symlink(target, f"/tmp/link{number}")
os.symlink("loop", "/tmp/loop")
for source in ("/dev/null", json_file := os.__file__, "/proc/self/exe"):
    try:
        os.link(source, "/tmp/hard")
    except OSError:
        pass
