# kind: assert
# verdict: wrong_answer
# threat: files left behind, some by name, some open, some hidden
import os


def add(a, b):
    return a + b if LEFT else -1


LEFT = os.listdir()

for name in (".hidden", "plain", "-rf", "..."):
    with open(name, "w") as file:
        file.write("left\n")
os.mkdir("folder")
os.open("folder/open", os.O_CREAT | os.O_RDWR)
