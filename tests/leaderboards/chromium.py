"""A headless Chromium driven by messages, for the tests and benchmarks of the page."""

import base64
import contextlib
import json
import os
import selectors
import shutil
import subprocess
import time

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
"""Its path, None where it is not installed."""

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--remote-debugging-pipe",
)  # fmt: skip
DEADLINE_S = 60
SHOWN = "document.body?.dataset.shown === location.hash"
"""True on a page of ours when it shows what its address names."""


TEXTS = "[...document.querySelectorAll({})].map(one => one.textContent)"
"""With a selector in quotes, an expression for the texts of elements."""


def titled(selector: str, text: str) -> str:
    """Return an expression for the first element of a selector whose text begins so."""
    return (
        f"[...document.querySelectorAll('{selector}')].find(e => e.textContent.trim().startsWith({json.dumps(text)}))"
    )


class Browser:
    """Speaks the DevTools protocol over the two pipes that Chromium reads and writes as descriptors 3 and 4."""

    def __init__(self, commands: int, answers: int) -> None:
        """Open a page."""
        self.commands, self.answers, self.number, self.buffer = commands, answers, 0, b""
        self.session = self.target = None
        self.events = []
        self.begin()

    def begin(self) -> None:
        """Open a page like new, in place of the one before."""
        before, self.session = self.target, None
        self.target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        if before:
            self.ask("Target.closeTarget", targetId=before)
        self.session = self.ask("Target.attachToTarget", targetId=self.target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")
        self.events = []

    def ask(self, method: str, **parameters: object) -> dict:
        """Send a command and return its result; events that come meanwhile are kept."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        while (answer := self.next_message()).get("id") != self.number:
            self.events.append(answer)
        assert "error" not in answer, answer
        return answer["result"]

    def next_message(self) -> dict:
        """Return the next message; fail where none comes in time."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.answers, selectors.EVENT_READ)
            while b"\0" not in self.buffer:
                assert selector.select(DEADLINE_S), "Chromium does not answer"
                read = os.read(self.answers, 1 << 20)
                assert read, "Chromium has ended"
                self.buffer += read
        message, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(message)

    def value(self, expression: str) -> object:
        """Return what an expression gives on the page; a promise is waited for, an error fails."""
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def show(self, address: str) -> None:
        """Open an address and wait until the page has shown what it names."""
        self.ask("Page.navigate", url=address)
        self.wait_for(f"location.href === {json.dumps(address)} && document.readyState === 'complete' && {SHOWN}")

    def click(self, what: str) -> None:
        """Click in the middle of the element that an expression gives, with the mouse, and wait for what it shows."""
        self.value(f"({what}).scrollIntoView({{block: 'center', inline: 'center'}})")
        box = f"(box => [box.x + box.width / 2, box.y + box.height / 2])(({what}).getBoundingClientRect())"
        x, y = self.value(box)
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
        self.settle()

    def press(self, key: str) -> None:
        """Press a key, named as an event names it, and wait for what it shows."""
        text = {"text": "\r" if key == "Enter" else key} if key == "Enter" or len(key) == 1 else {}
        code = {"Enter": 13, "Tab": 9, "Escape": 27}.get(key, 0)
        self.ask("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, **text)
        self.ask("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)
        self.settle()

    def settle(self) -> None:
        """Wait until the page has answered an event."""
        self.value("new Promise(done => setTimeout(() => setTimeout(done)))")
        self.wait_for(SHOWN)

    def colours(self, scheme: str) -> None:
        """Show the page in the colours of a scheme, light or dark."""
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def faults(self) -> list[dict]:
        """Return the errors of scripts, and what the browser refused or complained of."""
        return [event for event in self.events if event["method"] in {"Runtime.exceptionThrown", "Log.entryAdded"}]

    def requested(self) -> set[str]:
        """Return the addresses of all requests."""
        sent = [event for event in self.events if event["method"] == "Network.requestWillBeSent"]
        return {event["params"]["request"]["url"] for event in sent}

    def wait_for(self, expression: str) -> object:
        """Return what an expression gives as soon as that is truthy."""
        deadline = time.monotonic() + DEADLINE_S
        while not (found := self.value(expression)):
            assert time.monotonic() < deadline, f"never true: {expression}"
        return found

    def resize(self, width: int, height: int) -> None:
        """Show the page in a window of this many pixels; below 500 wide, as a phone does."""
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500
        )

    def screenshot(self) -> bytes:
        """Return the whole page, as far as it is long, as PNG."""
        shot = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        return base64.b64decode(shot["data"])


@contextlib.contextmanager
def opened(profile: str) -> object:
    """Start Chromium, and end it; `profile` is a folder that it may fill."""
    their_commands, commands = os.pipe()
    answers, their_answers = os.pipe()
    shell = f'exec "$0" "$@" 3<&{their_commands} 4>&{their_answers}'
    process = subprocess.Popen(
        ["/bin/bash", "-c", shell, CHROMIUM, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
        pass_fds=(their_commands, their_answers),
        stderr=subprocess.DEVNULL,
    )
    os.close(their_commands)
    os.close(their_answers)
    try:
        yield Browser(commands, answers)
    finally:
        process.kill()
        process.wait()
        os.close(commands)
        os.close(answers)
