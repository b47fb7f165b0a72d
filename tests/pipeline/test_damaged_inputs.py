"""Each stage by each file it reads, damaged: it is refused by name, or what is written is the same.

`test_damage` tries the readers of artifacts. This tries the stages, which may take the digest of a file that they
don't read.
"""

import random
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from dag.stages import Stage
from sracl_core.artifacts.provenance import Provenance
from sracl_core.artifacts.tables import read_table, write_table
from sracl_core.documents import read_sealed, write_sealed
from sracl_core.ground.errors import SraclError
from sracl_core.leakage.shared.certificate import digests_of
from sracl_core.schemas.ingest import SEQUENCES
from tests.pipeline.in_process import RUNS, STAGES, contents, ingested, paths, run
from tests.pipeline.test_damage import damaged

RANDOM_DAMAGES = 3
CERTIFICATE = "artifacts/certificate_inputs.json"


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder that the process is in, where every stage after ingest has run."""
    folder = tmp_path_factory.mktemp("stages")
    with ingested(folder, {}):
        for stage, arguments in RUNS:
            run(stage, arguments)
        yield folder


@pytest.mark.parametrize(("stage", "arguments"), RUNS, ids=[" ".join((one.name, *more)) for one, more in RUNS])
def test_no_damaged_input_is_used_in_silence(ran: Path, stage: Stage, arguments: tuple[str, ...]) -> None:
    draw = random.Random(f"{stage.name} {arguments}")
    outputs = paths(stage, arguments, tuple(output.path for output in stage.writes))
    expected = contents(outputs)
    others = [Path(f"data/interim/{name}.parquet").read_bytes() for name in ("interactions", "users")]
    silent: list[tuple[str, str]] = []
    for path in paths(stage, arguments, stage.reads):
        content = path.read_bytes()
        another = next(bytes_ for bytes_ in others if bytes_ != content)
        found = {f"damage {number}": damaged(content, draw) for number in range(RANDOM_DAMAGES)}
        for kind, changed in {**found, "empty": b"", "another artifact": another}.items():
            path.write_bytes(changed)
            try:
                run(stage, arguments)
            except SraclError as error:
                assert path.name in str(error), (path, kind)
            else:
                if contents(outputs) != expected:
                    silent.append((str(path), kind))
            finally:
                path.write_bytes(content)
                for file, own in expected.items():
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_bytes(own)
    assert silent == []
    assert Path.cwd() == ran


def test_a_training_that_cannot_begin_leaves_the_history(ran: Path) -> None:
    stage = next(one for one in STAGES if one.name == "train")
    outputs = paths(stage, (), tuple(output.path for output in stage.writes))
    expected = contents(outputs)
    sequences, certificate = (Path("data", path) for path in ("interim/sequences.parquet", CERTIFICATE))
    before = {path: path.read_bytes() for path in (sequences, certificate)}
    told, table = read_sealed(certificate, "a certificate"), read_table(sequences, SEQUENCES)
    rows = table.to_pylist()
    rows[0]["train"][0] = 999
    write_table(sequences, pa.Table.from_pylist(rows, schema=SEQUENCES), SEQUENCES, Provenance("ingest", "", ""))
    told["files"] |= digests_of([sequences])
    write_sealed(certificate, told)
    with pytest.raises(SraclError, match="hold item 999"):
        run(stage, ())
    assert contents(outputs) == expected
    for path, content in before.items():
        path.write_bytes(content)
