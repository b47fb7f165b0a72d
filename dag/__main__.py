"""Write dvc.yaml: `python -m dag`, or `make dag`."""

import sys

from dag.source import ROOT, ConventionError
from dag.stages import stages
from dag.write import dvc_yaml


def main() -> None:
    """Write dvc.yaml where it is not what the code says, and say which."""
    path = ROOT / "dvc.yaml"
    try:
        text = dvc_yaml(stages())
    except ConventionError as error:
        sys.exit(f"error: {error}")
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        print("dvc.yaml says what the code says already.")
        return
    path.write_text(text, encoding="utf-8")
    print("dvc.yaml written; look at it with `git diff dvc.yaml`.")


if __name__ == "__main__":
    main()
