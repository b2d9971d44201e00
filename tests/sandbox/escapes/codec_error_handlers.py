# kind: stdio
# verdict: wrong_answer runtime_error
# threat: codecs and error handlers that rewrite what is printed
import codecs
import sys

codecs.register_error("strict", lambda error: ("3", error.end))
codecs.register(lambda name: codecs.lookup("utf-8"))
input()
sys.stdout.reconfigure(encoding="ascii", errors="strict")
print("-1\udc80\u00e9")
