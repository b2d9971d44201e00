"""The steps of a study: how many there are, what names them, and what an edit changes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UserError
from trainers.study.steps import chosen_steps, depending, levels_of, steps_of
from trainers.study.study_file import StepText, Study, read_study, study_files

WORK = Path("work")
TEXT = """
about = "Two methods, two seeds."
[files]
data = "data.json"
[over]
method = ["sft", "rloo"]
seed = [0, 1]
[steps.groups]
command = "compile codenet {data} --out {out}"
[steps.base]
command = "miniature base --out {out}"
[steps.model]
command = "train {method} --groups {groups} --model {base} --seed {seed} --out {out}"
[steps.run]
command = "run --benchmark mini --model {model} --seed {seed} --out {out}"
[steps.table]
command = "table"
each = ["{method}={run}"]
[steps.compare]
command = "compare"
per = ["seed"]
each = ["{method}={run}"]
"""


@pytest.fixture
def steps(tmp_path):
    """Return a function that returns the steps of a text."""

    def of_text(text=TEXT, data="0"):
        path = tmp_path / "study.toml"
        path.write_text(text)
        study = read_study(path)
        return steps_of(study, dict.fromkeys(study_files(study), data), WORK)

    return of_text


def ids(found):
    """Return the ids by name."""
    names = dict.fromkeys(step.name for step in found)
    return {name: {step.id for step in found if step.name == name} for name in names}


def test_a_step_is_there_once_for_each_entry_of_the_lists_that_it_names(steps):
    """By itself, or by a step; lists that only its further arguments name don't count."""
    assert {name: len(found) for name, found in ids(steps()).items()} == {
        "groups": 1, "base": 1, "model": 4, "run": 4, "table": 1, "compare": 2,
    }  # fmt: skip


def test_commands_are_those_that_a_person_would_type(steps):
    """With the outcomes of other steps in the places of their names, and further arguments at the end."""
    found = steps()
    by_id = {step.id: step for step in found}
    (table,) = [step for step in found if step.name == "table"]
    first = by_id[table.inputs[0]]

    assert len(table.arguments) == 5
    assert table.arguments[:2] == ("table", f"sft={first.made}")
    assert first.arguments == (
        "run", "--benchmark", "mini", "--model", str(by_id[first.inputs[0]].made), "--seed", "0",
        "--out", f"work/made/{first.id}",
    )  # fmt: skip
    assert table.prints
    assert not first.prints


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ('table"', 'table --intervals"', {"table"}),
        ("--benchmark mini", "--benchmark mbpp", {"run", "table", "compare"}),
        ("miniature base", "miniature base --train", {"model", "run", "table", "compare"} | {"base"}),
        ("Two methods", "Some methods", set()),
        ("[steps.table]", "[steps.table]\ntitle = 'Table'\nbudget = '1'\nslurm = '--gres=gpu:1'", set()),
        ("[steps.groups]", "[steps.other]\ncommand = 'benchmarks'\n[steps.groups]", set()),
    ],
)
def test_an_edit_renames_only_what_depends_on_it(steps, before, after, changed):
    """All other steps keep their names, and so their outcomes."""
    earlier, later = ids(steps()), ids(steps(TEXT.replace(before, after)))

    assert {name for name in earlier if earlier[name] != later[name]} == changed


def test_a_step_waits_for_those_that_it_comes_after(steps):
    """For all entries of lists that only they have; it keeps its name, as it reads nothing of them."""
    before = steps()
    found = steps(
        TEXT.replace("[steps.base]", "[steps.other]\ncommand = 'power --problems 9'\nafter = ['run']\n[steps.base]")
    )
    (other,) = [step for step in found if step.name == "other"]

    assert set(other.inputs) == ids(found)["run"] == ids(before)["run"]
    (waiting,) = [
        one for one in steps(TEXT.replace("[steps.base]", "[steps.base]\nafter = ['groups']")) if one.name == "base"
    ]
    assert {waiting.id} == ids(before)["base"]


def test_other_content_renames_what_reads_it(steps):
    """Not the base, which reads nothing."""
    earlier, later = ids(steps()), ids(steps(data="1"))

    assert {name for name in earlier if not earlier[name] & later[name]} == {
        "groups",
        "model",
        "run",
        "table",
        "compare",
    }
    assert earlier["base"] == later["base"]


def test_another_seed_adds_steps_and_keeps_the_others(steps):
    """Two studies share what both have."""
    earlier, later = ids(steps()), ids(steps(TEXT.replace("[0, 1]", "[0, 1, 2]")))

    assert earlier["model"] < later["model"]
    assert len(later["model"]) == 6
    assert earlier["compare"] < later["compare"]


@given(st.permutations(["method", "seed"]), st.permutations([0, 1]), st.permutations(["sft", "rloo"]))
def test_the_order_of_lists_and_entries_names_no_training(tmp_path_factory, lists, seeds, methods):
    """Only what a command says does."""
    entries = {"method": f"method = {methods}", "seed": f"seed = {seeds}"}
    path = tmp_path_factory.mktemp("study") / "study.toml"
    found = []
    for over in (f"{entries['method']}\n{entries['seed']}", "\n".join(entries[name] for name in lists)):
        path.write_text(TEXT.replace('method = ["sft", "rloo"]\nseed = [0, 1]', over))
        found.append(ids(steps_of(read_study(path), {"data": "0"}, WORK)))

    assert found[0]["run"] == found[1]["run"]


def test_equal_commands_are_one_step(steps):
    """However many entries lead to them."""
    found = steps(TEXT + '[steps.again]\ncommand = "miniature base --out {out}"\n')

    assert len([step for step in found if step.arguments[0] == "miniature"]) == 1


def test_values_of_an_entry_may_be_files(steps):
    """Whose content counts, not the path."""
    text = TEXT.replace("seed = [0, 1]", "seed = [0, 1]\nrewards = [{ name = 'a', file = 'a.toml' }]").replace(
        "{data}", "{data} --rewards {rewards.file}"
    )
    (groups,) = [step for step in steps(text) if step.name == "groups"]
    (moved,) = [step for step in steps(text.replace("a.toml", "b.toml")) if step.name == "groups"]

    assert groups.arguments[3:5] == ("--rewards", "a.toml")
    assert groups.files == ("data", "rewards.a")
    assert moved.id == groups.id


def test_too_many_steps_are_refused(steps):
    """In one line, before they are made."""
    lists = "".join(f"list-{number} = {list(range(100))}\n" for number in range(4))
    text = TEXT.replace("[over]", f"[over]\n{lists}")

    with pytest.raises(UserError, match=r"steps\.base: makes more than 10000 steps"):
        steps(text.replace("miniature base", "miniature base {list-0}{list-1}{list-2}{list-3}"))


def test_a_plan_names_no_more_than_its_command(steps):
    """It is of all steps that differ in nothing else."""
    with pytest.raises(UserError, match=r"steps\.base\.plan: names seed, which the command doesn't"):
        steps(TEXT.replace("[steps.base]", "[steps.base]\nplan = 'plan --n {seed}'"))


def test_an_open_quotation_mark_is_refused(steps):
    """In one line."""
    with pytest.raises(UserError, match=r"steps\.base: No closing quotation"):
        steps(TEXT.replace("miniature base", "miniature 'base"))


def test_levels_need_only_those_before(steps):
    """What needs nothing comes first."""
    levels = levels_of(steps())

    assert [{step.name for step in level} for level in levels] == [
        {"groups", "base"}, {"model"}, {"run"}, {"table", "compare"},
    ]  # fmt: skip


def test_shards_are_all_steps_once(steps):
    """Each step is in one of them."""
    found = steps()
    shards = [chosen_steps(found, (), f"{first}/3") for first in (1, 2, 3)]

    assert sorted(step.id for shard in shards for step in shard) == sorted(step.id for step in found)
    assert [len(shard) for shard in shards] == [5, 4, 4]


def test_only_takes_names_and_ids(steps):
    """And refuses what is neither."""
    found = steps()

    assert [step.name for step in chosen_steps(found, ("base", found[-1].id), "")] == ["base", found[-1].name]
    with pytest.raises(UserError, match=r"--only: there is no step 'tables'. .*Choose from groups, base, model"):
        chosen_steps(found, ("tables",), "")
    for wrong in ("0/2", "3/2", "1", "a/b"):
        with pytest.raises(UserError, match="is not I/N"):
            chosen_steps(found, (), wrong)


NUMBERS = st.integers(0, 7)


@given(edges=st.sets(st.tuples(NUMBERS, NUMBERS).filter(lambda edge: edge[0] < edge[1])), on=NUMBERS)
def test_depending_steps_are_those_that_a_path_leads_to(edges, on):
    """As the paths of any graph tell it."""
    study = Study(
        about="A graph.",
        steps={
            f"s{number}": StepText(
                command=f"miniature s{number} {{out}}",
                after=tuple(f"s{of}" for of, to in sorted(edges) if to == number),
            )
            for number in range(8)
        },
    )
    reached = {on}
    for of, to in sorted(edges):
        reached |= {to} if of in reached else set()

    found = steps_of(study, {}, WORK)
    (first,) = (step for step in found if step.name == f"s{on}")

    assert {step.name for step in depending(found, first)} == {f"s{number}" for number in reached - {on}}
