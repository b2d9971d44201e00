"""Tables in the formats that programs and papers take."""

import csv
import io

import pytest

from harness.cli.main import run


@pytest.fixture
def printed(make_result, write_run, capsys):
    """Return a function that prints the table of a base with 2 of 4 and another with 1 of 4 in a format."""

    def print_table(as_, *options, name="b_1 & 50%"):
        paths = [
            write_run(f"run-{solved}", make_result({str(number): (1, int(number < solved)) for number in range(4)}))
            for solved in (2, 1)
        ]
        assert run(["table", f"base={paths[0]}", f"{name}={paths[1]}", "--format", as_, *options]) == 0
        return capsys.readouterr().out

    return print_table


def test_latex(printed):
    """A float with the rules of booktabs; the best number is bold, what is below the base has an arrow."""
    lines = printed("latex").splitlines()

    assert lines[:11] == [
        r"% needs \usepackage{booktabs}",
        r"\begin{table}",
        r"\centering",
        r"\caption{toy: 4 problems of test, n = 1}",
        r"\begin{tabular}{lr}",
        r"\toprule",
        r"method & pass@1 \\",
        r"\midrule",
        r"base & \textbf{50.00} \\",
        r"b\_1 \& 50\% & 25.00 $\downarrow$ \\",
        r"\bottomrule",
    ]
    assert lines[-1] == r"\end{table}"


def test_latex_with_intervals(printed):
    """Of 1 in 4: at 0.773 none has chance 0.227^4 and 0.62 of one 0.62 x 4 x 0.773 x 0.227^3, together 0.025."""
    assert r"25.00 $\downarrow$ (1.0-77.3) \\" in printed("latex", "--intervals")


def test_csv(printed):
    """A row for each number; no name is a formula."""
    rows = list(csv.DictReader(io.StringIO(printed("csv", name="+1"))))

    assert [(row["method"], row["k"], row["difficulty"], row["percent"]) for row in rows] == [
        ("base", "1", "all", "50.0"),
        ("'+1", "1", "all", "25.0"),
    ]
    assert [(row["best"], row["below_base"]) for row in rows] == [("True", "False"), ("False", "True")]
