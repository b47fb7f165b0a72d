"""Bayesian personalised ranking: the next item before each of k sampled ones (Rendle et al., 2009)."""

from torch import Tensor
from torch.nn import functional as F

from sracl_core.model.backbone import Backbone
from sracl_core.recommendation.negatives import DrawnNegatives


class BPR(DrawnNegatives):
    """−(1/k) Σ log σ(s⁺ − s⁻), the mean over positions."""

    def forward(self, states: Tensor, targets: Tensor, backbone: Backbone, drawn: Tensor) -> Tensor:
        """Return the mean over positions and negatives."""
        positive, negatives = self.scores(states, targets, backbone, drawn)
        return F.softplus(negatives - positive[:, None]).mean()


PLUGIN = BPR
