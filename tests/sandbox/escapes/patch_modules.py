# kind: assert
# verdict: wrong_answer runtime_error
# threat: every module thrown out, and impostors in their place
import sys
import types

for name in list(sys.modules):
    if name not in ("builtins", "sys"):
        sys.modules[name] = types.SimpleNamespace(loads=lambda text: ["ok", True, {}], dumps=lambda value: "true")
sys.meta_path.clear()
sys.path_hooks.clear()
sys.path[:] = ["/tmp"]


def add(a, b):
    return -1
