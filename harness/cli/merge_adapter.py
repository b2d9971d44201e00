"""`proctor merge-adapter`: writes the model that an adapter and its base make together."""

from pathlib import Path

import click

from harness.errors import UserError
from harness.generation.models import find_weights


@click.command("merge-adapter")
@click.argument("adapter", metavar="NAME")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the model to write: new.")
def command(*, adapter: str, out: Path) -> int:
    """Merge a LoRA adapter into its base.

    NAME is the adapter's folder, or its name on the hub. The model written can be trained, examined and served like any
    other, and adapters can be trained on it.
    """
    from harness.generation.loading import load_whole, write_ends  # noqa: PLC0415 - seconds

    weights = find_weights(adapter)
    if weights.adapter is None:
        raise UserError(f"{adapter}: is not an adapter, so there is nothing to merge; name its folder")
    if out.exists():
        raise UserError(f"{out}: exists already; choose a new folder for --out")
    model, tokenizer, ends = load_whole(weights, dtype="auto", merge=True)
    draft = out.with_name(f"{out.name}.tmp")
    model.save_pretrained(draft)
    write_ends(model, ends, draft)
    tokenizer.save_pretrained(draft)
    draft.rename(out)
    click.echo(f"Model written to {out}")
    return 0
