"""What a training has made of the states h: their length, their spread, and what the two contrasts see of them."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from sracl_core.batching.inputs import TrainingInputs
from sracl_core.batching.samples import prefix_samples
from sracl_core.batching.sequences import Sequences
from sracl_core.batching.windows import prefix_windows
from sracl_core.model.backbone import Backbone
from sracl_core.objectives.semantic.semantics import load_semantics
from sracl_core.objectives.semantic.substitution import view_windows
from sracl_core.prefixes import PrefixTable
from sracl_core.ragged import Ragged

PREFIXES = 2000  # drawn at random, the same for every training
RATE = 0.2  # of substitution in the two views


@torch.no_grad()
def measure_states(backbone: Backbone, inputs: TrainingInputs) -> dict[str, float]:
    """Return means over random training prefixes, with `backbone` in eval mode.

    `norm`: |h|. Cosines of a prefix's state with another one's: `cosine_others` of any other prefix drawn,
    `cosine_candidates` of its candidate pool, `cosine_views` of one view of it with another, both substituted.
    """
    device = torch.device("cpu")
    train = Ragged.from_column(inputs.sequences["train"])
    prefixes = PrefixTable.from_table(inputs.prefixes, len(train))
    semantics = load_semantics(train, prefixes, inputs.item_pool, inputs.user_pool, inputs.embeddings)
    sequences = Sequences.from_ragged(train, device)
    begins = prefix_samples(sequences, backbone.params.max_length).begins
    chosen = torch.as_tensor(np.random.default_rng(0).permutation(len(prefixes.users))[:PREFIXES])

    def states(rows: Tensor) -> Tensor:
        lasts = semantics.position[rows]
        windows = prefix_windows(sequences.items, begins[lasts], lasts, shared=backbone.reads_prefixes)
        return windows.encode(backbone)

    own = states(chosen)  # [P, d]
    k = semantics.user_pool.shape[1]
    candidates = states(semantics.user_pool[chosen].flatten()).view(len(own), k, -1)
    lasts, generator = semantics.position[chosen], torch.Generator().manual_seed(0)
    views = view_windows(
        sequences.items, begins[lasts], lasts, item_pool=semantics.item_pool, rate=RATE, generator=generator
    )
    first, second = views.encode(backbone).chunk(2)  # [P, d] each
    return {
        "norm": float(own.norm(dim=1).mean()),
        "cosine_others": float(F.cosine_similarity(own, own.roll(1, dims=0)).mean()),
        "cosine_candidates": float(F.cosine_similarity(own[:, None], candidates, dim=2).mean()),
        "cosine_views": float(F.cosine_similarity(first, second).mean()),
    }
