"""What the plots show, and that SVG and PNG have the same numbers."""

import sys
from xml.etree import ElementTree as ET

import msgspec
import pytest
from matplotlib.figure import Figure as Canvas
from matplotlib.image import imread

from harness.cli.main import run
from harness.runs.records import VerdictShare
from leaderboards.plots import draw, svg
from leaderboards.plots.figures import Step, curve, figures, smoothed
from leaderboards.plots.shapes import COLOURS, Axis, Bar, BarFigure, LineFigure, PlotLine, thinned, ticks
from sandbox.records import Verdict

pytestmark = pytest.mark.slow

SVG = "{http://www.w3.org/2000/svg}"
TWO_LINES = LineFigure(
    name="pass-at-k",
    title="pass@k",
    x=Axis("k", (1, 10), logarithmic=True),
    y=Axis("percent", (0, 25, 50, 75, 100)),
    lines=(
        PlotLine("a", ((1, 0.0), (10, 100.0)), band=((1, 0.0, 25.0), (10, 75.0, 100.0))),
        PlotLine("b", ((1, 50.0),), raw=((1, 25.0), (10, 75.0))),
    ),
)
ONE_BAR = BarFigure("verdicts", "Verdicts", (Bar("m", "easy", {Verdict.WRONG_ANSWER: 0.75, Verdict.ACCEPTED: 0.25}),))


def shares(difficulty="all"):
    """Return a quarter accepted and three quarters wrong, of every kind of test and of one."""
    return tuple(
        VerdictShare(difficulty=difficulty, kind=kind, verdict=verdict, samples=1, value=value, low=0, high=1)
        for kind in ("all", "call")
        for verdict, value in ((Verdict.WRONG_ANSWER, 0.75), (Verdict.ACCEPTED, 0.25))
    )


def step(number, **changes):
    """Return a step of a training."""
    usual = {"step": number, "loss": 1.0, "accepted": -5.0, "rejected": -6.0, "gradient_norm": 1.0}
    return Step(**usual | {"learning_rate": 1e-5} | changes)


@pytest.fixture
def judged(make_result, write_run):
    """Write a run of two problems, two samples each."""
    return write_run("run", make_result({"1": (2, 1), "2": (2, 0)}, verdict_shares=shares()))


@pytest.fixture
def checkpoint(tmp_path):
    """Write a checkpoint's folder with the metrics of two steps, more than is plotted, and a third half written."""
    (tmp_path / "checkpoint").mkdir()
    steps = [msgspec.to_builtins(step(number, loss=4.0 - number)) for number in (1, 2)]
    rows = [msgspec.json.encode(row | {"epoch": 0.5, "margin": 1.0, "tokens_per_s": 9.0}) + b"\n" for row in steps]
    (tmp_path / "checkpoint" / "metrics.jsonl").write_bytes(b"".join(rows) + b'{"step": 3, "lo')
    return tmp_path / "checkpoint"


def test_a_curve_is_pass_at_k_up_to_the_samples_of_every_problem(make_result):
    """By hand, 1 and 0 of 3 and 4 samples: pass@1 1/6, pass@2 (1 - 1/3)/2, pass@3 1/2; k = 5 is beyond."""
    result = make_result({"1": (3, 1), "2": (4, 0), "lost to the sandbox": (0, 0)})

    found = curve(result)

    assert {k: at.value for k, at in found.items()} == pytest.approx({1: 1 / 6, 2: 1 / 3, 3: 1 / 2})
    assert all(0 <= at.interval.low <= at.value <= at.interval.high <= 1 for at in found.values())


def test_a_curve_of_nothing_is_empty(make_result):
    """Where no sample was judged."""
    assert curve(make_result({"1": (0, 0)})) == {}


def test_results_give_pass_at_k_and_verdicts(make_result):
    """In percent over k; a bar for "all" alone where there is one difficulty only."""
    result = make_result({"1": (2, 1, "easy"), "2": (2, 0, "easy")}, verdict_shares=(*shares(), *shares("easy")))

    lines, bars = figures({"m": result}, {})

    (line,) = lines.lines
    assert (line.name, line.points) == ("m", ((1, 25.0), (2, 50.0)))
    assert [x for x, _, _ in line.band] == [1, 2]
    assert lines.x == Axis("k", (1, 2), logarithmic=True)
    assert bars.bars == (Bar("m", "all", {Verdict.WRONG_ANSWER: 0.75, Verdict.ACCEPTED: 0.25}),)


def test_the_scale_of_pass_at_k_is_fitted_to_its_intervals(make_result):
    """500 problems, 18 or 19 of 20 samples accepted: the axis begins far above 0, holds every band and ends by 100."""
    result = make_result({str(number): (20, 18 + number % 2) for number in range(500)})

    (lines,) = figures({"m": result}, {})

    bounds = [bound for _, *of_it in lines.lines[0].band for bound in of_it]
    assert 80 < lines.y.ticks[0] <= min(bounds) <= max(bounds) <= lines.y.ticks[-1] <= 100


def test_results_without_samples_give_no_figure(make_result):
    """There is nothing to draw."""
    assert figures({"m": make_result({"1": (0, 0)})}, {}) == ()


def test_a_training_gives_its_loss_log_probabilities_gradient_and_learning_rate():
    """A line of accepted and one of rejected programs, by the steps that had some."""
    found = figures({}, {"SFT": (step(1, loss=2.0, rejected=None), step(2, loss=1.0))})

    assert [figure.name for figure in found] == [
        "training-loss", "training-log-probability", "training-gradient-norm", "training-learning-rate",
    ]  # fmt: skip
    assert found[0].lines == (PlotLine("SFT", ((1, 2.0), (2, 1.0)), raw=((1, 2.0), (2, 1.0))),)
    assert [(line.name, line.points) for line in found[1].lines] == [
        ("SFT, accepted", ((1, -5.0), (2, -5.0))),
        ("SFT, rejected", ((2, -6.0),)),
    ]
    assert found[3].lines == (PlotLine("SFT", ((1, 1e-5), (2, 1e-5))),)


def test_methods_with_losses_of_their_own_have_axes_of_their_own():
    """Loss and gradient of each method apart, its seeds together; what is the same for all, in one figure."""
    steps = (step(1), step(2))

    found = figures({}, {"SFT, seed 1": steps, "SFT, seed 2": steps, "RLOO": (step(1, loss=-90.0),)})

    assert [(figure.name, [line.name for line in figure.lines]) for figure in found if "loss" in figure.name] == [
        ("training-loss-1", ["SFT, seed 1", "SFT, seed 2"]),
        ("training-loss-2", ["RLOO"]),
    ]
    assert [figure.title for figure in found if "gradient" in figure.name] == [
        "Training: norm of the gradient: SFT",
        "Training: norm of the gradient: RLOO",
    ]
    assert len([figure for figure in found if figure.name == "training-learning-rate"]) == 1


def test_a_noisy_line_is_smoothed_around_each_step():
    """Of 100 steps each is the mean with two on both sides; fewer at the ends, and the ends are themselves."""
    found = smoothed([(number, float(number % 2)) for number in range(100)])

    assert [y for _, y in found[:4]] == pytest.approx([0, 1 / 3, 2 / 5, 3 / 5])
    assert found[-1] == (99, pytest.approx(1))
    assert [x for x, _ in found] == list(range(100))


def test_many_steps_are_drawn_as_means_of_stretches():
    """401 steps as stretches of three; the last holds what is left."""
    found = thinned([(number, float(number)) for number in range(1, 402)], at_most=200)

    assert found[:2] == ((2, 2.0), (5, 5.0))
    assert found[-1] == (400.5, 400.5)
    assert len(found) == 134


@pytest.mark.parametrize("values", [[0.0], [-3.0, 1e-9], [1e-5, 2e-5], [1e6, 1e6 + 1]])
def test_ticks_reach_beyond_the_values(values):
    """At least two, rising, from below the least to above the largest."""
    found = ticks(values)

    assert found[0] <= min(values) <= max(values) <= found[-1]
    assert list(found) == sorted(set(found))
    assert 2 <= len(found) <= 8


def test_svg_has_a_line_and_a_name_each():
    """100 % at the top, 0 % at the bottom of the axes; k = 1 on the left, the largest on the right."""
    drawing = svg.svg_element(TWO_LINES)

    lines = [line.get("points") for line in drawing.iter("polyline")]
    assert lines == ["48.0,240.0 456.0,16.0", "48.0,184.0 456.0,72.0", "48.0,128.0"]
    assert [band.get("points") for band in drawing.iter("polygon")] == [
        "48.0,184.0 456.0,16.0 456.0,72.0 48.0,240.0",
    ]
    assert [text.text for text in drawing.iter("text")][-2:] == ["a", "b"]


def test_svg_divides_a_bar_by_the_shares():
    """A quarter and three quarters of 336 pixels, in the order of the verdicts, each with its numbers as a title."""
    bars = [
        (bar.get("x"), bar.get("width"), bar.find("title").text)
        for bar in svg.svg_element(ONE_BAR).iter("rect")
        if len(bar)
    ]

    assert bars == [
        ("120.0", "84.0", "m, easy: accepted 25.00 %"),
        ("204.0", "252.0", "m, easy: wrong_answer 75.00 %"),
    ]


def test_names_are_drawn_whole():
    """In as many lines as they need, a method's above its bars; only endless ones end with an ellipsis."""
    long = "a policy of a rather long name that was trained with care, on APPS+, seed 1"
    bars = ONE_BAR._replace(bars=(ONE_BAR.bars[0]._replace(name=long), ONE_BAR.bars[0]._replace(name="x" * 4000)))

    texts = [text.text for text in svg.svg_element(bars).iter("text")]

    assert " ".join(texts[2:4]) == long
    assert texts[-2] == "…"
    assert len(texts) < 20


def test_png_draws_the_numbers_of_the_figure():
    """Each line with its points, its colour and its name; each bar divided in percent."""
    lines, bars = Canvas().add_subplot(), Canvas().add_subplot()

    draw.fill_axes(lines, TWO_LINES)
    draw.fill_axes(bars, ONE_BAR)

    assert [(line.get_color(), line.get_xydata().tolist()) for line in lines.lines] == [
        (COLOURS[0], [[1, 0], [10, 100]]),
        (COLOURS[1], [[1, 50]]),
        (COLOURS[1], [[1, 25], [10, 75]]),
    ]
    assert len(lines.collections) == 1
    assert [text.get_text() for text in lines.get_legend().get_texts()] == ["a", "b"]
    assert [text.get_text() for text in bars.get_legend().get_texts()] == ["accepted", "wrong_answer"]
    assert (lines.get_xlim(), lines.get_xscale(), lines.get_ylim()) == ((1, 10), "log", (0, 100))
    assert [(part.get_x(), part.get_width()) for part in bars.patches] == [(0, 25), (25, 75)]


def test_equal_figures_give_equal_files():
    """SVG and PNG, byte for byte."""
    for render in (svg.svg_file, draw.png_file):
        assert render(TWO_LINES) == render(TWO_LINES)
        assert render(ONE_BAR) == render(ONE_BAR)


def test_the_command_writes_each_plot_as_svg_and_png(judged, checkpoint, tmp_path, capsys):
    """The table goes to stdout as ever; every file is what its name says."""
    out = tmp_path / "plots"

    assert run(["table", f"SFT={judged}", "--plots", str(out), "--checkpoint", f"SFT={checkpoint}"]) == 0

    assert capsys.readouterr().out.startswith("**toy")
    names = ["pass-at-k", "training-gradient-norm", "training-learning-rate", "training-log-probability"]
    names += ["training-loss", "verdicts"]
    assert sorted(path.name for path in out.iterdir()) == [
        f"{name}.{kind}" for name in names for kind in ("png", "svg")
    ]
    for path in out.glob("*.svg"):
        assert ET.parse(path).getroot().tag == f"{SVG}svg"  # noqa: S314 - our own
    for path in out.glob("*.png"):
        height, width, _ = imread(path).shape
        assert (width, height > 100) == (1200, True)


def test_the_page_shows_a_training(judged, checkpoint, tmp_path):
    """Its curves are among the other plots."""
    out = tmp_path / "page"
    arguments = ["--format", "html", "--out", str(out), "--checkpoint", f"SFT={checkpoint}"]

    assert run(["table", f"SFT={judged}", *arguments]) == 0

    page = (out / "index.html").read_text()
    assert page.index("Verdicts by difficulty") < page.index("Training: loss") < page.index("Training: learning rate")


def test_names_of_any_kind_can_be_drawn():
    """They are text in SVG, which stays well-formed, and no formula in PNG."""
    hostile = TWO_LINES._replace(lines=(PlotLine("_<g onload=x>]]>\x00\n$\\frac$", ((1, 0.0),)),))

    *_, name = ET.fromstring(svg.svg_file(hostile)).iter(f"{SVG}text")  # noqa: S314 - our own
    assert name.text == "_<g onload=x>]]>\\x00 $\\frac$"
    assert draw.png_file(hostile).startswith(b"\x89PNG")


def test_without_matplotlib_nothing_is_written(judged, tmp_path, monkeypatch, capsys):
    """And the message says what to install."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    assert run(["table", judged, "--plots", str(tmp_path / "plots")]) == 2

    assert "pip install 'proctor[plots]'" in capsys.readouterr().err
    assert not (tmp_path / "plots").exists()


def test_a_folder_that_cannot_be_written_is_named(judged, tmp_path, capsys):
    """In one line."""
    (tmp_path / "file").write_text("")

    assert run(["table", judged, "--plots", str(tmp_path / "file")]) == 2
    assert f"{tmp_path / 'file'}: can't be written: File exists" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("checkpoint_argument", "options", "message"),
    [
        ("SFT=nowhere", ("--plots", "p"), "nowhere: holds no metrics.jsonl"),
        ("RLOO=checkpoint", ("--plots", "p"), "give METHOD=FOLDER, METHOD being one of SFT"),
        ("checkpoint", ("--plots", "p"), "give METHOD=FOLDER, METHOD being one of SFT"),
        ("SFT=checkpoint", (), "--checkpoint is for plots"),
    ],
)
def test_a_checkpoint_that_cannot_be_plotted_is_refused(judged, capsys, checkpoint_argument, options, message):
    """In one line, and nothing is written."""
    assert run(["table", f"SFT={judged}", "--checkpoint", checkpoint_argument, *options]) == 2
    assert message in capsys.readouterr().err
