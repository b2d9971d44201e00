# kind: assert
# verdict: wrong_answer
# threat: device files made by the program, and overlay whiteouts
import os
import stat


def add(a, b):
    for number in (os.makedev(1, 1), os.makedev(1, 3), os.makedev(8, 0), os.makedev(254, 0)):
        for kind in (stat.S_IFCHR, stat.S_IFBLK):
            try:
                os.mknod("node", kind | 0o666, number)
                os.open("node", os.O_RDWR)
                return a + b
            except OSError:
                pass
    return -1
