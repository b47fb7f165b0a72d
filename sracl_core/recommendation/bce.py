"""Binary cross entropy of the next item and of k sampled ones (SASRec; Kang & McAuley, 2018)."""

from torch import Tensor
from torch.nn import functional as F

from sracl_core.model.backbone import Backbone
from sracl_core.recommendation.negatives import DrawnNegatives


class BCE(DrawnNegatives):
    """−log σ(s⁺) − Σ log(1 − σ(s⁻)), the mean over positions; SASRec's own with one negative."""

    def forward(self, states: Tensor, targets: Tensor, backbone: Backbone, drawn: Tensor) -> Tensor:
        """Return the mean over positions of the sum over next item and negatives."""
        positive, negatives = self.scores(states, targets, backbone, drawn)
        return (F.softplus(-positive) + F.softplus(negatives).sum(1)).mean()


PLUGIN = BCE
