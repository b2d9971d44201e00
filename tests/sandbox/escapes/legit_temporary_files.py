# kind: assert
# verdict: accepted
# threat: none: uses temporary files and folders
import os
import tempfile


def add(a, b):
    with tempfile.TemporaryDirectory() as folder, open(os.path.join(folder, "sum"), "w+") as file:
        file.write(str(a + b))
        file.seek(0)
        return int(file.read())
