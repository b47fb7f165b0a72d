"""Stage sample: the built-in data set, written as the raw files that ingest reads."""

from pathlib import Path

from sracl_core.console import say
from sracl_core.ingest.sample import write_sample
from sracl_core.params.data import SampleParams
from sracl_core.params.section import read_section
from stages.entry import PARAMS_FILE, run


def main(params_file: Path = PARAMS_FILE, folder: Path = Path("data/raw/sample")) -> None:
    """Generate the sample catalogue and its shoppers."""
    params = read_section(params_file, SampleParams)
    counts = write_sample(params, folder / "interactions.csv.gz", folder / "items.jsonl.gz")
    say(f"sample: {counts['shoppers']} shoppers, {counts['items']} items, {counts['interactions']} interactions")


if __name__ == "__main__":
    run(main)
