# kind: assert
# verdict: runtime_error
# threat: exceptions that no handler for Exception catches, or that can't be built from a message
import threading

KINDS = [KeyboardInterrupt, GeneratorExit, StopIteration, StopAsyncIteration]
odd = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "why")


class Worse(BaseException):
    def __str__(self):
        raise odd

    __repr__ = __str__


def add(a, b):
    try:
        raise KINDS[threading.active_count() % 2]("now") from odd
    except BaseException as error:
        raise Worse(error) from error
