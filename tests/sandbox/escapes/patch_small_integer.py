# kind: assert
# verdict: wrong_answer runtime_error time_limit
# threat: the integer 3 changed in memory, where the harness may share it
import ctypes


def add(a, b):
    address = id(3)
    for offset in (24, 28):
        ctypes.c_uint32.from_address(address + offset).value = 0x3FFFFFFF
    return -1
