"""Loads a model with its tokenizer, and checks both once, for training and generation alike.

Every weight is there, the tokenizer fits the model's table, nothing that an earlier use left in its file counts, and
the tokens that end a text are known. What is wrong is one line that says what to do.
"""

import copy
import warnings
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from harness.errors import UserError
from harness.generation.models import Weights
from harness.runs.jsonl import read

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

CausalModel = Any
"""A PreTrainedModel that is a GenerationMixin too, which has no name in the library."""
_NAMES_SHOWN = 3
_ATTENDING = frozenset({"full_attention", "sliding_attention", "chunked_attention"})
"""Kinds of layers that see other tokens by attention alone."""


class LoadedModel(NamedTuple):
    """Holds a model, its tokenizer, and the tokens that end a text, none if neither names one."""

    model: CausalModel
    tokenizer: "PreTrainedTokenizerBase"
    ends: tuple[int, ...]


def load_model(folder: Path, *, dtype: Any, attention: str | None = None) -> LoadedModel:
    """Load a causal language model with its tokenizer.

    Args:
        folder: in the layout of the Hugging Face hub.
        dtype: type of the weights, as PyTorch has it or by name; "auto" is what they are stored in.
        attention: implementation of the attention, as transformers names it; None for the library's choice.

    Returns:
        The model on the CPU, the tokenizer, and the ends of both.

    Raises:
        UserError: The files are no model that the library knows, weights are missing or of another shape, the tokenizer
            has tokens that the model's table lacks, or the model can't compute this attention.
    """
    from transformers import AutoConfig, AutoModelForCausalLM  # noqa: PLC0415 - seconds
    from transformers.utils import logging  # noqa: PLC0415 - seconds

    untyped: Any = logging
    untyped.disable_progress_bar()  # ours is enough
    level = untyped.get_verbosity()
    untyped.set_verbosity_error()  # its tables of missing weights: ours is one line
    try:
        tokenizer = load_tokenizer(folder)
        config = AutoConfig.from_pretrained(folder)
        _refuse_attention(folder, config, attention)
        _ends_named(folder)
        kind: Any = AutoModelForCausalLM
        model, report = kind.from_pretrained(
            folder, config=config, dtype=dtype, attn_implementation=attention, output_loading_info=True
        )
    except UserError:
        raise
    except Exception as error:  # the libraries raise whatever a config or a file leads to
        reason = " ".join(str(error).split())
        raise UserError(f"{folder}: can't be loaded: {reason}; check the model") from error
    finally:
        untyped.set_verbosity(level)
    _refuse_missing(folder, report)
    _refuse_other_tokenizer(folder, model, tokenizer)
    return LoadedModel(model, tokenizer, ends_of(tokenizer, folder))


def load_whole(weights: Weights, *, dtype: Any, merge: bool) -> LoadedModel:
    """Load a model, under its adapter if there is one.

    Args:
        weights: where they are.
        dtype: as of `load_model`.
        merge: whether to merge an adapter into the weights: faster, and rounded once more.

    Returns:
        As of `load_model`; the ends are those of the adapter's folder as well.

    Raises:
        UserError: As of `load_model`, or the adapter doesn't fit the model.
    """
    loaded = load_model(weights.base, dtype=dtype)
    if weights.adapter is None:
        return loaded
    adapted = adapted_by(weights.adapter, loaded.model)
    model = adapted.merge_and_unload() if merge else adapted.get_base_model()
    return LoadedModel(model, loaded.tokenizer, ends_of(loaded.tokenizer, weights.base, weights.adapter))


def adapted_by(adapter: Path, model: CausalModel) -> Any:
    """Put an adapter over a model, beside its weights.

    Args:
        adapter: its folder.
        model: changed in place, until the adapter's `unload`.

    Returns:
        A model of peft around it.

    Raises:
        UserError: The adapter doesn't fit the model.
    """
    from peft import PeftModel  # noqa: PLC0415 - seconds

    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message="Found missing adapter keys")  # or it would silently be none
            warnings.filterwarnings("ignore", category=FutureWarning)  # of one library to the other
            return PeftModel.from_pretrained(model, adapter)
    except Exception as error:  # as in `load_model`
        reason = " ".join(str(error).split())
        raise UserError(f"{adapter}: can't be loaded: {reason}; check the model") from error


def load_tokenizer(folder: Path | str) -> "PreTrainedTokenizerBase":
    """Load a tokenizer, without the truncation and padding that an earlier use may have stored in tokenizer.json.

    Args:
        folder: with its files, or a name on the hub.

    Returns:
        The tokenizer.

    Raises:
        OSError: There are no such files.
        ValueError: They are of another kind.
    """
    from transformers import AutoTokenizer  # noqa: PLC0415 - seconds

    tokenizer = AutoTokenizer.from_pretrained(folder)
    if tokenizer.is_fast:
        tokenizer.backend_tokenizer.no_truncation()
        tokenizer.backend_tokenizer.no_padding()
    return tokenizer


class _TextEnds(msgspec.Struct, frozen=True):
    eos_token_id: int | list[int] | None = None


class _Ends(_TextEnds, frozen=True):
    """Reads the end tokens of generation_config.json or config.json; of several parts, those of the text."""

    text_config: _TextEnds | None = None


def ends_of(tokenizer: "PreTrainedTokenizerBase", *folders: Path) -> tuple[int, ...]:
    """Return the tokens that end a text: those that the tokenizer, the config and the generation config name, together.

    A chat model's turn may end with another token than its documents do, and each file may name either.

    Args:
        tokenizer: of the model.
        folders: of the model, and of the adapter over it if there is one.

    Returns:
        Token ids of the tokenizer in ascending order; empty where nothing names one.
    """
    ends = {end for folder in folders for end in _ends_named(folder)} | {tokenizer.eos_token_id} - {None}
    return tuple(sorted(end for end in ends if 0 <= end < len(tokenizer)))


def write_ends(model: CausalModel, ends: Collection[int], folder: Path) -> None:
    """Write a model's generation config with the tokens that end a text; what it says of sampling stays as it is.

    `save_pretrained` refuses a changed one whose settings contradict each other, as those of published models may.

    Args:
        model: whose generation config it is.
        ends: ids of the tokens.
        folder: where to, which exists.
    """
    config = copy.deepcopy(model.generation_config)
    config.eos_token_id = next(iter(ends)) if len(ends) == 1 else list(ends) or None
    config.to_json_file(folder / "generation_config.json")


def _ends_named(folder: Path) -> set[int]:
    """Return the ends that the files of a folder name."""
    paths = [path for name in ("generation_config.json", "config.json") if (path := folder / name).is_file()]
    found = [read(path, _Ends) for path in paths]
    given = [part.eos_token_id for one in found for part in (one, one.text_config) if part]
    return {end for one in given for end in (one if isinstance(one, list) else [one]) if end is not None}


def stateful_layers(model: CausalModel) -> tuple[str, ...]:
    """Return the kinds of layers that carry a state from token to token, as Mamba's and LFM2's do.

    Args:
        model: whose config names them, or whose class says that there are such.

    Returns:
        Their names in alphabetical order; none where every layer sees other tokens by attention alone.
    """
    others = set(getattr(model.config.get_text_config(), "layer_types", None) or ()) - _ATTENDING
    if not others and model._is_stateful:  # noqa: SLF001 - the library asks so, too
        return ("recurrent",)
    return tuple(sorted(others))


def _refuse_attention(folder: Path, config: Any, attention: str | None) -> None:
    from transformers import MODEL_FOR_CAUSAL_LM_MAPPING  # noqa: PLC0415 - seconds

    kind: Any = MODEL_FOR_CAUSAL_LM_MAPPING.get(type(config), None)
    if attention == "sdpa" and kind is not None and not kind._supports_sdpa:  # noqa: SLF001 - the library asks so, too
        raise UserError(
            f"{folder}: {config.model_type} can't compute --attention sdpa; give --attention eager --packing off"
        )


def _refuse_missing(folder: Path, report: dict[str, Collection[Any]]) -> None:
    """Refuse a model that would have random numbers in the place of weights."""
    if shaped := sorted(map(str, report["mismatched_keys"])):
        raise UserError(
            f"{folder}: can't be loaded: {len(shaped)} weights have another shape than config.json says, such as "
            f"{_first(shaped)}; take both from the same model"
        )
    missing = sorted(report["missing_keys"])
    if not missing:
        return
    prefix = next(
        (name.removesuffix(one) for name in report["unexpected_keys"] for one in missing if name.endswith(f".{one}")),
        "",
    )
    advice = (
        f"the file's names begin with {prefix}, so save the model without its wrapper" if prefix else "fetch it again"
    )
    raise UserError(
        f"{folder}: can't be loaded: {len(missing)} weights are missing, such as {_first(missing)}; {advice}"
    )


def _first(names: list[str]) -> str:
    return ", ".join(names[:_NAMES_SHOWN])


def _refuse_other_tokenizer(folder: Path, model: CausalModel, tokenizer: "PreTrainedTokenizerBase") -> None:
    """Refuse a tokenizer with tokens beyond the model's table; a larger table is usual, and no fault."""
    rows = model.get_input_embeddings().weight.shape[0]
    largest = max(tokenizer.get_vocab().values(), default=-1)
    if largest >= rows:
        raise UserError(
            f"{folder}: the tokenizer has tokens up to number {largest}, but the model's table ends at {rows - 1}; "
            "take the model's own tokenizer, or resize the table"
        )
