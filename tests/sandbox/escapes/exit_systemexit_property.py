# kind: stdio
# verdict: runtime_error
# threat: SystemExit whose code raises as the harness reads it
class Exit(SystemExit):
    @property
    def code(self):
        raise RuntimeError("from inside the handler")


input()
raise Exit
