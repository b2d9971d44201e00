# kind: stdio
# verdict: runtime_error wrong_answer
# threat: an exit code that is an int but answers with nonsense
class Code(int):
    def __and__(self, other):
        return "not a number"

    __rand__ = __and__


input()
raise SystemExit(Code(0))
