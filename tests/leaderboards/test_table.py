"""Results as tables: layout, means over seeds, marks, and results that must not be mixed."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.errors import UserError
from harness.runs.records import Repetition
from harness.scoring.intervals import mean_interval
from harness.scoring.passk import mean_pass_at_k
from leaderboards.marks import Cell, TableRow, marked
from leaderboards.render import tables_markdown
from leaderboards.table import TableEntry, tabulate


def entry(method, result, model=""):
    """Return an entry."""
    return TableEntry(method=method, model=model, result=result, run=Path())


def values(table):
    """Return the numbers of each row."""
    return {row.method: [cell and cell.printed for cell in row.cells] for row in table.rows}


def rows_of(*numbers):
    """Return rows called 0, 1, ... with these numbers in one column."""
    return [
        TableRow(method=str(place), cells=(None if number is None else Cell(value=number),))
        for place, number in enumerate(numbers)
    ]


def marks(rows, base=""):
    """Return ("best", "below base") of the only column."""
    return [row.cells[0] and (row.cells[0].best, row.cells[0].below_base) for row in marked(rows, base)]


def test_columns_are_difficulties_for_each_k(make_result):
    """By hand: 1 of 2 is pass@1 50 and pass@2 100; the other problem is never solved; "all" comes last."""
    result = make_result({"e": (2, 1, "easy"), "h": (2, 0, "hard")}, ks=(1, 2))

    (table,) = tabulate([entry("sft", result)])

    assert table.titles == ("pass@1 easy", "pass@1 hard", "pass@1 all", "pass@2 easy", "pass@2 hard", "pass@2 all")
    assert values(table) == {"sft": [50.0, 0.0, 25.0, 100.0, 0.0, 50.0]}
    assert table.caption == "toy: 2 problems (1 easy, 1 hard) of test, n = 2"


def test_a_difficulty_that_all_problems_share_has_no_column_of_its_own(make_result):
    """The numbers would be those of all problems again."""
    (table,) = tabulate([entry("m", make_result({"e": (2, 1, "easy"), "f": (2, 0, "easy")}))])

    assert table.titles == ("pass@1",)


def test_columns_are_models_where_there_are_no_difficulties(make_result):
    """As in the paper's table of MBPP; a cell without a result is empty."""
    half, all_ = make_result({"1": (1, 1), "2": (1, 0)}), make_result({"1": (1, 1), "2": (1, 1)})

    (table,) = tabulate([entry("BASE", half, "0.5B"), entry("BASE", all_, "7B"), entry("SFT", half, "7B")])

    assert table.titles == ("0.5B pass@1", "7B pass@1")
    assert values(table) == {"BASE": [50.0, 100.0], "SFT": [None, 50.0]}
    assert table.caption == "toy: 2 problems of test, n = 1"


def test_columns_are_models_where_that_is_asked_for(make_result):
    """All difficulties are taken together: one of two problems is 50."""
    result = make_result({"e": (1, 1, "easy"), "h": (1, 0, "hard")})

    (table,) = tabulate([entry("BASE", result, "0.5B"), entry("BASE", result, "7B")], by_model=True)

    assert table.titles == ("0.5B pass@1", "7B pass@1")
    assert values(table) == {"BASE": [50.0, 50.0]}


def test_models_have_a_table_each_where_there_are_difficulties(make_result):
    """As in the paper's tables of APPS+."""
    result = make_result({"1": (1, 1, "easy")})

    tables = tabulate([entry("BASE", result, "0.5B"), entry("BASE", result, "7B")])

    assert [table.caption for table in tables] == [
        "toy, 0.5B: 1 problems (1 easy) of test, n = 1",
        "toy, 7B: 1 problems (1 easy) of test, n = 1",
    ]


def test_benchmarks_have_a_table_each(make_result):
    """In any order of the results."""
    a, b = make_result({"1": (1, 1)}), make_result({"1": (1, 1)}, benchmark="other")

    assert len(tabulate([entry("x", a), entry("x", b), entry("y", a)])) == 2


def test_seeds_are_mean_and_spread(make_result):
    """50, 75 and 100 %: mean 75, standard deviation 25 (n - 1)."""
    seeds = [make_result({str(i): (1, int(i < solved)) for i in range(4)}) for solved in (2, 3, 4)]

    (table,) = tabulate([entry("sft", seed) for seed in seeds])

    (cell,) = table.rows[0].cells
    assert (cell.value, cell.spread, cell.seeds) == (pytest.approx(75), pytest.approx(25), 3)
    assert table.caption.endswith("; mean ± standard deviation over up to 3 seeds")


def test_the_interval_of_one_seed_is_the_result_s_own(make_result):
    """Three of four problems solved, one sample each: Wilson's interval, in percent."""
    result = make_result({str(i): (1, int(i < 3)) for i in range(4)})

    (table,) = tabulate([entry("sft", result)])

    (cell,) = table.rows[0].cells
    assert (cell.low / 100, cell.high / 100) == pytest.approx(mean_interval([1, 1, 1, 0], 4))


def test_the_tries_of_an_interval_are_whole_sets_of_k(make_result):
    """pass@2 of 2 and 3 of 5 is 7/10 and 9/10, and there are two sets of two of each problem."""
    (table,) = tabulate([entry("sft", make_result({"1": (5, 2), "2": (5, 3)}, ks=(2,)))])

    (cell,) = table.rows[0].cells
    assert (cell.low / 100, cell.high / 100) == pytest.approx(mean_interval([0.7, 0.9], 4))


def test_a_run_given_twice_is_refused(make_result):
    """It would count as two seeds that agree; other policies of one file are not the same."""
    once = make_result({"1": (5, 2)})

    with pytest.raises(UserError, match=r"holds the same samples of m: one run is not two seeds; name each run once"):
        tabulate([entry("sft", once), entry("sft", once)])
    assert tabulate([entry("sft", once), entry("sft", make_result({"1": (5, 2)}, policy="n"))])


def test_a_problem_counts_where_every_seed_has_enough_samples(make_result):
    """Problem 2 lost a sample in one seed, so pass@2 is that of problem 1 in both: 100 and 0."""
    one, other = make_result({"1": (2, 1), "2": (2, 0)}, ks=(2,)), make_result({"1": (2, 0), "2": (1, 1)}, ks=(2,))

    (table,) = tabulate([entry("sft", one), entry("sft", other)])

    assert values(table) == {"sft": [50.0]}


def test_columns_go_by_k_whatever_the_order_of_the_results(make_result):
    """A set of 33, 2, 16 and 1 has them out of order; the caption counts the seeds of the method with most."""
    few, many = make_result({"1": (40, 1)}, ks=(33, 2)), make_result({"1": (40, 1)}, ks=(16, 1))
    again = make_result({"1": (40, 2)}, ks=(16, 1))

    (table,) = tabulate([entry("a", few), entry("b", many), entry("b", again)])

    assert table.titles == ("pass@1", "pass@2", "pass@16", "pass@33")
    assert table.caption.endswith("; mean ± standard deviation over up to 2 seeds")


def test_problems_with_too_few_samples_are_left_out_and_told(make_result):
    """A problem that lost a sample to the sandbox has no pass@2."""
    result = make_result({"1": (2, 1), "2": (1, 0)}, ks=(2,), sandbox_errors=1)

    (table,) = tabulate([entry("sft", result)])

    assert values(table) == {"sft": [100.0]}
    assert table.notes[-1].startswith("sft: 1 of 4 samples were lost to faults of the sandbox and are not counted; ")
    assert "pass@2 50.00 to 100.00; more than 0.1 % are lost" in table.notes[-1]


UNSOLVED = {str(number): (10, 0) for number in range(50)}
SOLVED = {str(number): (10, 10) for number in range(50, 100)}


def test_a_column_is_over_the_problems_that_all_rows_share(make_result):
    """One sandbox error on each of 50 unsolved problems makes no pass@10 of 100: both have it on 50."""
    lost = make_result(dict.fromkeys(UNSOLVED, (9, 0)) | SOLVED, ks=(1, 10), samples=10, sandbox_errors=50)
    whole = make_result(UNSOLVED | SOLVED, ks=(1, 10))

    (table,) = tabulate([entry("base", whole), entry("sft", lost)])

    assert values(table) == {"base": [50.0, 100.0], "sft": [50.0, 100.0]}
    assert [(cell.best, cell.below_base) for row in table.rows for cell in row.cells] == [(False, False)] * 4
    assert [cell.stamp for cell in table.rows[1].cells] == ["not a score"] * 2
    assert "pass@10: over the 50 of 100 problems that all rows have enough samples of." in table.notes


def test_a_few_lost_samples_leave_a_score_with_its_marks(make_result):
    """One of 2,000 is lost: problem 0 is left out of both, and the better row is bold."""
    one = {str(number): (10, 5) for number in range(200)}
    other = one | {"0": (9, 9), "1": (10, 4)}

    (table,) = tabulate(
        [
            entry("base", make_result(one, ks=(10,))),
            entry("sft", make_result(other, ks=(10,), samples=10, sandbox_errors=1)),
        ]
    )

    assert values(table) == {"base": [100.0], "sft": [100.0]}
    assert [row.cells[0].best for row in table.rows] == [True, True]


def test_rows_without_a_shared_problem_are_stamped(make_result):
    """Each number is over problems of its own, so there is nothing to mark."""
    one = make_result({"1": (2, 2), "2": (1, 0)}, ks=(2,), samples=2)
    other = make_result({"1": (1, 1), "2": (2, 0)}, ks=(2,), samples=2)

    (table,) = tabulate([entry("base", one), entry("sft", other)])

    assert [(row.cells[0].value, row.cells[0].stamp, row.cells[0].best) for row in table.rows] == [
        (100.0, "of 1 other problems", False),
        (0.0, "of 1 other problems", False),
    ]
    assert "pass@2: no marks, as there is no problem that all rows have enough samples of." in table.notes


def test_other_tasks_are_another_protocol(make_result):
    """Two policies of one file share its conditions, and not always its tasks."""
    one, other = make_result({"1": (1, 1), "2": (1, 0)}), make_result({"1": (1, 0), "3": (1, 0)}, policy="n")

    with pytest.raises(UserError, match="a and b differ in protocol: tasks: 2 against 2, of which 1 are shared"):
        tabulate([entry("a", one), entry("b", other)])
    (table,) = tabulate([entry("a", one), entry("b", other)], mixed_protocols=True)
    assert values(table) == {"a": [100.0], "b": [0.0]}


def test_equal_scores_are_printed_alike(make_result):
    """269 of 800 in two ways, 33.625 %: neither is bold beside an unmarked equal."""
    one = make_result({str(number): (10, 10 * (number < 26) + 9 * (number == 26)) for number in range(80)})
    other = make_result({str(number): (10, 3 + (number < 29)) for number in range(80)})

    (table,) = tabulate([entry("base", one), entry("sft", other)])

    assert [row.cells[0].value for row in table.rows] == [33.625, 33.625]
    assert [(row.cells[0].best, row.cells[0].below_base) for row in table.rows] == [(True, False)] * 2


@given(st.lists(st.integers(0, 10), min_size=2, max_size=30), st.randoms(use_true_random=False))
def test_equal_counts_are_equal_numbers(counts, random):
    """However the accepted samples are spread over the problems, pass@1 is the same number."""
    spread = [0] * len(counts)
    for _ in range(sum(counts)):
        spread[random.choice([place for place, count in enumerate(spread) if count < 10])] += 1
    numbers = [mean_pass_at_k([(10, count) for count in found], 1) for found in (counts, spread)]

    assert numbers[0] == numbers[1]


def test_a_sign_says_which_differences_are_significant(make_result):
    """Eight of ten lost, p = 2/256; one lost, p = 1; two comparisons: 0.0156 and 1."""
    base = make_result({str(number): (1, 1) for number in range(10)})
    worse = make_result({str(number): (1, int(number >= 8)) for number in range(10)})
    alike = make_result({str(number): (1, int(number >= 1)) for number in range(10)})

    (table,) = tabulate([entry("base", base), entry("far", worse), entry("near", alike)])

    assert [row.cells[0].signs for row in table.rows] == ["", " ▼ †", " ▼"]
    assert (
        "†: differs from base significantly, at 5 %; tests are paired by problem and corrected (Holm) for the 2 "
        "comparisons of this table; with fewer than 3 seeds of a method they are about its checkpoints, not the method."
        in table.notes
    )


def test_the_correction_is_over_the_whole_table(make_result):
    """Seven lost, p = 2/128: significant alone, not among five rows of the same."""
    base = make_result({str(number): (1, 1) for number in range(10)})
    worse = [make_result({str(number): (1, int(number >= 7)) for number in range(10)}) for _ in range(5)]

    for count, differs in ((1, True), (5, False)):
        (table,) = tabulate([entry("base", base), *(entry(str(place), one) for place, one in enumerate(worse[:count]))])
        assert [row.cells[0].differs for row in table.rows[1:]] == [differs] * count


def test_three_seeds_a_row_are_tested_on_seeds(make_result):
    """Each checkpoint of the second method has ten points more, and seeds hardly differ."""

    def seeds(solved):
        return [make_result({str(number): (1, int(number < count)) for number in range(100)}) for count in solved]

    (table,) = tabulate(
        [entry("base", one) for one in seeds((50, 51, 52))] + [entry("sft", one) for one in seeds((60, 61, 62))]
    )

    assert "the tests are on seeds, so about the methods" in table.notes[1]


def test_every_tie_of_the_best_is_marked():
    """Ties are those of the printed numbers: 64.401 and 64.399 are both 64.40."""
    assert marks(rows_of(64.401, 63.2, 64.399)) == [(True, False), (False, False), (True, False)]


def test_what_is_below_base_is_marked():
    """The base itself, what equals it, and what is missing are not."""
    assert marks(rows_of(7.0, 6.99, 7.0, None, 8.0), base="0") == [
        (False, False),
        (False, True),
        (False, False),
        None,
        (True, False),
    ]


def test_what_prints_as_the_base_is_not_below_it():
    """64.399 and the base's 64.401 are both 64.40; 64.394 is 64.39."""
    assert marks(rows_of(64.401, 64.399, 64.394), base="0") == [(True, False), (True, False), (False, True)]


def test_one_number_alone_is_no_best():
    """There is nothing that it is better than."""
    assert marks(rows_of(7.0, None)) == [(False, False), None]


@given(st.lists(st.none() | st.floats(0, 100), min_size=2, max_size=6))
def test_a_best_is_never_below_another(numbers):
    """A bold number is the largest printed one of its column, and something is if two are there."""
    found = [(cell.printed, cell.best) for row in marked(rows_of(*numbers), "") for cell in row.cells if cell]
    best = {number for number, is_best in found if is_best}

    assert best == ({max(number for number, _ in found)} if len(found) > 1 else set())


@pytest.mark.parametrize(("named", "base"), [("", "Base"), ("rl", "rl")])
def test_the_base_is_named_or_called_so(make_result, named, base):
    """The rule in the notes says which it is."""
    result = make_result({"1": (1, 1)})

    (table,) = tabulate([entry("rl", result), entry("Base", result)], base=named)

    assert f"▼: below {base};" in table.notes[0]


def test_an_unknown_base_is_refused(make_result):
    """With the methods that there are."""
    with pytest.raises(UserError, match=r"--base: there is no method 'bsae'\. Choose from sft"):
        tabulate([entry("sft", make_result({"1": (1, 1)}))], base="bsae")


def test_different_protocols_are_refused(make_result):
    """In one table, naming the difference."""
    one, other = make_result({"1": (1, 1)}), make_result({"1": (1, 1)}, python="3.12.0")

    with pytest.raises(UserError, match=r"a and b differ in protocol: python: 3\.11\.7 against 3\.12\.0; a table"):
        tabulate([entry("a", one), entry("b", other)])


def test_different_protocols_are_told_where_they_are_wanted(make_result):
    """Below the table, for whoever reads it."""
    one, other = make_result({"1": (1, 1)}), make_result({"1": (1, 1)}, python="3.12.0")

    (table,) = tabulate([entry("a", one), entry("b", other)], mixed_protocols=True)

    assert "ANOTHER PROTOCOL: a and b differ in protocol: python: 3.11.7 against 3.12.0." in table.notes


def test_markdown(make_result):
    """The whole of a small table."""
    base = make_result({"1": (1, 1), "2": (1, 1), "3": (1, 0), "4": (1, 0)})
    worse = make_result({"1": (1, 1), "2": (1, 0), "3": (1, 0), "4": (1, 0)})

    assert tables_markdown(tabulate([entry("base", base), entry("s|ft", worse)])) == (
        """\
**toy: 4 problems of test, n = 1**

| method | pass@1                                 |
| ------ | -------------------------------------- |
| base   | **50.00**                              |
| s\\|ft  | <span style="color:red">25.00 ▼</span> |

Percent. Bold: the best of a column, every tie of it; ▼: below base; numbers are compared as printed. \
pass@k is the unbiased estimate from all samples of a problem, averaged over problems.

†: differs from base significantly, at 5 %; tests are paired by problem and corrected (Holm) for the 1 comparisons of \
this table; with fewer than 3 seeds of a method they are about its checkpoints, not the method.

Protocol: prompt card unknown; sampling unknown; extraction whole; limits cpu_s 4, wall_s 10, \
memory_bytes 1073741824, \
output_bytes 16777216, processes 32, file_bytes 67108864, open_files 64; isolation seccomp; Python 3.11.7; \
proctor 0.1.0; problems 0123456789ab.
"""
    )


def test_markdown_with_intervals_and_seeds(make_result):
    """2 and 3 of 4: 62.5 +- 17.68; two seeds and four problems say little of others."""
    seeds = [make_result({str(i): (1, int(i < solved)) for i in range(4)}) for solved in (2, 3)]

    text = tables_markdown(tabulate([entry("sft", seed) for seed in seeds]), intervals=True)

    assert re.search(r"\| sft    \| 62\.50 ± 17\.68 \(\d+\.\d-\d+\.\d\) \|", text)


def test_names_stay_text(make_result):
    """Nothing in a name is markup."""
    text = tables_markdown(tabulate([entry("<script>alert(1)</script> [x](y) `z`", make_result({"1": (1, 1)}))]))

    assert "&lt;script&gt;alert(1)&lt;/script&gt; \\[x\\](y) \\`z\\`" in text


def test_equal_samples_are_a_note(make_result):
    """Whoever quotes the table sees that pass@2 is pass@1."""
    result = make_result({"1": (2, 1)}, ks=(1, 2), repetition=Repetition(problems=1, equal=1))

    (table,) = tabulate([entry("a", result)])

    assert table.notes[-1].startswith("a: All samples of a problem are equal, byte for byte, in 1 of 1 problems")


COUNTS = st.dictionaries(
    st.sampled_from("abcdefgh"),
    st.integers(0, 4).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))),
    min_size=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(COUNTS, min_size=2, max_size=4), st.integers(1, 4))
def test_whatever_was_lost_a_column_compares_like_with_like(make_result, rows, k):
    """Where rows share problems, every number is over exactly these; where not, there is no mark."""
    results = [make_result(counts, ks=(k,), samples=4, policy=str(place)) for place, counts in enumerate(rows)]
    having = [counts for counts in rows if any(n >= k for n, _ in counts.values())]
    shared = [task for task in "abcdefgh" if all(counts[task][0] >= k for counts in having)]

    tables = tabulate([entry(str(place), result) for place, result in enumerate(results)], base="0")

    cells = [row.cells[0] for table in tables for row in table.rows if row.cells]
    for counts, cell in zip(rows, cells, strict=False):
        if cell and shared:
            assert cell.value == float(100 * mean_pass_at_k([counts[task] for task in shared], k))
        elif cell:
            assert "other problems" in cell.stamp
            assert (cell.best, cell.below_base, cell.differs) == (False, False, False)


@given(st.integers(1, 9), st.integers(1, 9))
def test_a_number_never_moves_with_the_number_of_samples(share, times):
    """The same share of 10 and of 10, 20, ... samples is the same number, and no difference."""
    few, many = ([(10 * factor, share * factor)] * 7 for factor in (1, times))

    assert mean_pass_at_k(few, 1) == mean_pass_at_k(many, 1)
