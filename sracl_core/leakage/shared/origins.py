"""Where the artifacts come from: each was made by its stage from the very files beside it, as the parameters say."""

from collections.abc import Mapping
from pathlib import Path

from sracl_core.artifacts.provenance import Provenance
from sracl_core.artifacts.tables import read_provenance
from sracl_core.leakage.shared.certificate import Check

DIFFERENCES = (
    ("producer", "another stage made it"),
    ("params_digest", "it was made with other parameters than today's"),
    ("source_digest", "it was made from other files than those beside it"),
    ("code_digest", "it was made by other code of a part from outside than today's"),
)


def check_origins(expected: Mapping[Path, Provenance], name: str = "origins") -> Check:
    """Prove that each of these Parquet artifacts says of itself what is `expected` of it.

    That is the provenance with today's parameters, and with the digests of the files beside it.
    """
    what = "each artifact was made by its stage, with these parameters, from the very files that are beside it."
    found = {path: differences(read_provenance(path), wanted) for path, wanted in expected.items()}
    wrong = {path: said for path, said in found.items() if said}
    # Of the first that is wrong; where none is, of whoever else makes this check fail.
    made_by = [expected[path].producer for path in (*wrong, *expected)]
    check = Check(name, len(expected), what, made_by[0] if made_by else "")
    if wrong:
        rows = [f"{path.name}: {'; '.join(said)}" for path, said in wrong.items()]
        check.refuse("artifacts do not come from what is beside them", rows, len(rows))
    return check


def differences(found: Provenance, expected: Provenance) -> list[str]:
    """Return in words what `found` says otherwise than is `expected`."""
    return [said for field, said in DIFFERENCES if getattr(found, field) != getattr(expected, field)]
