"""No objective beside the recommendation loss: the backbone alone."""

from sracl_core.objectives.protocol import Objective


class Plain(Objective):
    """Adds nothing, reads nothing and draws nothing."""


PLUGIN = Plain
