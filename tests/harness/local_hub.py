"""A hub on this machine: serves folders as the Hugging Face hub does, as far as its client asks for files."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit


class _Answer(BaseHTTPRequestHandler):
    """Answers from the folder of the server: owner/name/file of every data set, whatever the revision."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        """Write nothing."""

    def do_HEAD(self):
        """Answer without a body."""
        self.do_GET()

    def do_GET(self):
        """Answer with facts about a data set, the list of its files, or a file."""
        parts = unquote(urlsplit(self.path).path).strip("/").split("/")
        if parts[:2] == ["api", "datasets"]:
            self._facts("/".join(parts[2:4]), *parts[4:6])
        elif parts[0] == "datasets" and "resolve" in parts:
            self._file(self.server.folder / parts[1] / parts[2] / "/".join(parts[5:]), parts[4])
        else:
            self._send(404, b"{}")

    def _facts(self, repo, kind="revision", revision="main"):
        folder = self.server.folder / repo
        if not folder.is_dir():
            self._send(404, b"{}", {"X-Error-Code": "RepoNotFound"})
            return
        files = [{"type": "file", "oid": _tag(path), "size": path.stat().st_size, "path": path.name}
                 for path in sorted(folder.iterdir())]  # fmt: skip
        siblings = [{"rfilename": file["path"]} for file in files]
        facts = files if kind == "tree" else {"id": repo, "sha": revision, "siblings": siblings, "tags": []}
        self._send(200, json.dumps(facts).encode(), {"Content-Type": "application/json"})

    def _file(self, path, revision):
        if path.is_file():
            self._send(200, path.read_bytes(), {"ETag": f'"{_tag(path)}"', "X-Repo-Commit": revision})
        else:
            self._send(404, b"{}", {"X-Error-Code": "EntryNotFound"})

    def _send(self, status, body, headers=()):
        self.send_response(status)
        for name, value in {**dict(headers), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _tag(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder, and yield the address for HF_ENDPOINT."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answer)
    server.folder = folder
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
