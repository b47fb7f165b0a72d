"""Stage sample: the built-in data set, a catalogue with text, and shoppers."""

from pathlib import Path

from sracl_core.ground.console import say
from sracl_core.params.reading.section import read_section
from sracl_core.params.sample import SampleParams
from sracl_core.sample.shoppers import write_sample
from stages.entry import PARAMS_FILE, Out, run


def main(params_file: Path = PARAMS_FILE, folder: Out = Path("data/raw/sample")) -> None:
    """Generate the sample catalogue and its shoppers."""
    params = read_section(params_file, SampleParams)
    counts = write_sample(params, folder / "interactions.csv.gz", folder / "items.jsonl.gz")
    say(f"sample: {counts['shoppers']} shoppers, {counts['items']} items, {counts['interactions']} interactions")


if __name__ == "__main__":
    run(main)
