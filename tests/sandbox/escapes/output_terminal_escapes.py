# kind: assert
# verdict: runtime_error
# threat: markup, terminal commands and lone surrogates in what an exception says
class Evil(Exception):
    pass


Evil.__name__ = "[/red]\x1b]0;owned\x07\x1b[2J</td><script>alert(1)</script>"


def add(a, b):
    raise Evil("[/] [link=file:///] \x1b[2J \r\n \udc80 \ud800 \0")
