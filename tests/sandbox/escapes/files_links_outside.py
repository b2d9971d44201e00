# kind: assert
# verdict: wrong_answer
# threat: symbolic and hard links to what lies outside, for whoever cleans up
import os


def add(a, b):
    return a + b if LEFT else -1


LEFT = os.listdir()

for number, target in enumerate(("/", "/etc", "/root", "..", "/proc/1/root", "/dev/null", "loop", "/proc/self/fd/0")):
    os.symlink(target, f"link{number}")
os.symlink("loop", "loop")
for source in ("/dev/null", os.__file__, "/proc/self/exe"):
    try:
        os.link(source, "hard")
    except OSError:
        pass
