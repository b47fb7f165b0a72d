"""SRA-CL's objective: L = L_rec + α·L_CS + β·L_IS."""

from collections.abc import Callable

from torch import Tensor, nn

from sracl_core.model.losses import info_nce
from sracl_core.model.synthesizer import Mixture, Synthesizer, UniformSynthesizer
from sracl_core.params.train import TrainParams

Join = Callable[[Tensor], Tensor]  # [b, d] of this process → [B, d] of all that train together


def alone(own: Tensor) -> Tensor:
    """The rows of one process alone are all there are."""
    return own


class SRACL(nn.Module):
    """The two contrastive branches; a branch whose weight is 0 is never computed.

    `join` brings together what several processes have encoded, so that all are each other's negatives. With α = 0 no
    synthesizer exists, so that nothing of it touches the random state: α = β = 0 is the plain backbone.
    """

    def __init__(self, params: TrainParams, semantic_dimension: int) -> None:
        super().__init__()
        self.params = params
        self.synthesizer: nn.Module | None = None
        if params.alpha > 0 and params.inter.synthesizer == "uniform":
            self.synthesizer = UniformSynthesizer()
        elif params.alpha > 0:
            self.synthesizer = Synthesizer(semantic_dimension, params.model.hidden, params.inter.dropout)

    def mixture(self, anchor_semantics: Tensor, candidate_semantics: Tensor) -> Mixture:
        """Return how positives are mixed from candidates, by the frozen semantics [B, D] and [B, k, D] of both."""
        if self.synthesizer is None:
            raise ValueError("the inter-user contrast is off (alpha = 0)")
        mixture: Mixture = self.synthesizer(anchor_semantics, candidate_semantics)
        return mixture

    def inter_user(
        self, anchors: Tensor, positives: Tensor, excluded: Tensor | None = None, join: Join = alone
    ) -> Tensor:
        """L_CS: each anchor [B, d] against the positive mixed from its candidates; `excluded` as in `info_nce`."""
        inter = self.params.inter
        return info_nce(join(anchors), join(positives), inter.temperature, inter.similarity, excluded)

    def intra_user(self, first: Tensor, second: Tensor, excluded: Tensor | None = None, join: Join = alone) -> Tensor:
        """L_IS: two semantic substitutions [B, d] of the same prefixes; `excluded` as in `info_nce`."""
        intra = self.params.intra
        return info_nce(join(first), join(second), intra.temperature, intra.similarity, excluded)
