"""Section `certify`: how much of the artifacts is made again to prove them."""

from typing import ClassVar

from pydantic import Field

from sracl_core.params.reading.kinds import Seed
from sracl_core.params.reading.section import Section


class CertifyParams(Section):
    """The sample that certify_inputs makes again."""

    key: ClassVar[str] = "certify"

    sample: int = Field(
        64, ge=0, le=1_000_000, description="texts encoded and pools searched again, of items and of prefixes; 0: none"
    )
    seed: Seed = Field(7, description="seed of the draw of that sample")
