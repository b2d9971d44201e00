"""What several tests of the trainers build on."""

import pytest
import tiny_policy

from trainers import methods
from trainers.compile.pipeline import Candidate
from trainers.compile.rewards import Status
from trainers.config import TrainingOptions
from trainers.groups import GROUPS_FILE, write_groups

HEADER = (
    "submission_id,problem_id,user_id,date,language,original_language,filename_ext,status,cpu_time,memory,code_size,"
    "accuracy"
)
PAGE = """
<H1>Sum</H1>
<p>Read two integers from a line of the standard input and print their sum.</p>
<H2>Sample Input</H2><pre>
1 2
</pre>
<H2>Output for the Sample Input</H2><pre>
3
</pre>
"""


def line(number, status="Accepted", problem_id="p00001", language="Python", **cells):
    """Return a line of metadata."""
    given = {"cpu_time": "20", "memory": "9000", "code_size": "30", "filename_ext": "py", "id": f"s{number:09}"}
    given |= {"original": "Python3"} | cells
    return (
        f"{given['id']},{problem_id},u000000001,1555927753,{language},{given['original']},{given['filename_ext']},{status},"
        f"{given['cpu_time']},{given['memory']},{given['code_size']},4/4"
    )


@pytest.fixture(scope="session")
def header():
    """Return the first line of the metadata."""
    return HEADER


@pytest.fixture(scope="session")
def row():
    """Return a function that makes a line of metadata."""
    return line


@pytest.fixture
def make_tree(tmp_path):
    """Return a function that writes a tree of one or several problems in CodeNet's layout."""

    def make(rows, sources, *, problem_id="p00001", page=PAGE, header=HEADER):
        tree = tmp_path / "codenet"
        folders = tree / "metadata", tree / "problem_descriptions", tree / "data" / problem_id / "Python"
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        (folders[0] / f"{problem_id}.csv").write_text("".join(f"{text}\n" for text in (header, *rows)))
        if page is not None:
            (folders[1] / f"{problem_id}.html").write_text(page)
        for number, text in sources.items():
            path = folders[2] / f"s{number:09}.py"
            path.write_bytes(text) if isinstance(text, bytes) else path.write_text(text)
        return tree

    return make


@pytest.fixture
def make_candidates():
    """Return a function that makes candidates with these statuses, each of other tokens."""

    def make(*statuses, first=0):
        return tuple(
            Candidate(source_id=f"s{number:09}", completion=f"print({number})\n", status=Status(status))
            for number, status in enumerate(statuses, first)
        )

    return make


@pytest.fixture(autouse=True)
def _on_the_processor(monkeypatch):
    """Train on the CPU, where bits are promised, also where there is a GPU."""
    monkeypatch.setenv("ACCELERATE_USE_CPU", "true")


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory):
    """Return the folder of a tiny model with random weights."""
    return tiny_policy.build(tmp_path_factory.mktemp("base"))


@pytest.fixture
def make_groups(tmp_path):
    """Return a function that writes a folder of groups, of completions of uneven length."""

    def make(count=5, name="groups", seed=0, **changed):
        folder = tmp_path / name
        folder.mkdir()
        write_groups(folder / GROUPS_FILE, (tiny_policy.group(number, seed, **changed) for number in range(count)))
        return folder

    return make


@pytest.fixture
def run(tmp_path, make_groups, tiny_base):
    """Return a function that trains; five groups twice, two a step, with `rloo` by default."""
    usual = make_groups()
    options = TrainingOptions(learning_rate=1e-3, epochs=2, save_every_steps=2)

    def train(name, options=options, *, method=methods.rloo, groups=usual, model=tiny_base):
        return method.train(groups, str(model), tmp_path / name, options)

    return train
