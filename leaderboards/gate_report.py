"""A gate's judgement as a markdown summary of the job and as JUnit XML."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from harness.escapes import in_markdown, in_tree
from harness.report import table
from leaderboards.gate import Judgement

LOST_SHOWN = 20


def summary(judgement: Judgement) -> str:
    """Return the judgement as markdown: the verdict, a row for each check, and the problems that got worse."""
    return "\n".join(_summary(judgement))


def _summary(judgement: Judgement) -> Iterator[str]:
    names = f"{judgement.candidate} against {judgement.baseline} on {judgement.benchmark}"
    yield f"## {'Passed' if judgement.passed else 'FAILED'}: {in_markdown(names)}"
    yield ""
    verdicts = {True: "passed", False: "**FAILED**"}
    rows = ((in_markdown(check.name), verdicts[check.passed], in_markdown(check.message)) for check in judgement.checks)
    yield from table([("check", "verdict", "what was found"), *rows])
    yield ""
    if judgement.lost:
        yield f"{len(judgement.lost)} problems got worse; the largest changes:"
        yield ""
        lost = (
            (in_markdown(flip.task_id), f"{flip.a_accepted}/{flip.a_samples}", f"{flip.b_accepted}/{flip.b_samples}")
            for flip in judgement.lost[:LOST_SHOWN]
        )
        yield from table([("problem", "before", "now"), *lost])
        yield ""


def junit(judgement: Judgement) -> bytes:
    """Return the judgement as JUnit XML: a test case for each check."""
    failures = sum(not check.passed for check in judgement.checks)
    suite = Element(
        "testsuite",
        name=in_tree(f"proctor gate: {judgement.candidate} against {judgement.baseline}"),
        tests=str(len(judgement.checks)),
        failures=str(failures),
        errors="0",
        skipped="0",
    )
    for check in judgement.checks:
        names = {"classname": f"proctor.gate.{judgement.benchmark}", "name": check.name}
        case = SubElement(suite, "testcase", {attribute: in_tree(name) for attribute, name in names.items()})
        if check.passed:
            SubElement(case, "system-out").text = in_tree(check.message)
        else:
            SubElement(case, "failure", message=in_tree(check.message), type="regression")
    indent(suite)
    document: bytes = tostring(suite, encoding="utf-8", xml_declaration=True)
    return document + b"\n"
