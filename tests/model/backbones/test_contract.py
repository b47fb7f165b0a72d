"""What every backbone promises, whichever it is: blind to padding, read off or refused, ranked, stored and loaded."""

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sracl_core.artifacts.provenance import Provenance
from sracl_core.commands.contract.world import modes_of, small_params
from sracl_core.evaluation.ranking.encode import encode_histories
from sracl_core.evaluation.ranking.full import full_ranks
from sracl_core.model.backbone import Backbone, build_backbone
from sracl_core.model.store import load_backbone, save_backbone
from sracl_core.params.backbone import BACKBONES
from sracl_core.ragged import Ragged
from tests.model.sizes import sizes_of

N_ITEMS = 20
READ_OFF = [name for name in BACKBONES if "causal" in modes_of(name)]
each_backbone = pytest.mark.parametrize("name", BACKBONES)
each_that_is_read_off = pytest.mark.parametrize("name", READ_OFF)


def tiny(name: str, dropout: float = 0.0) -> Backbone:
    torch.manual_seed(0)
    params = sizes_of(name, hidden=8, layers=2, heads=2, feed_forward=16, dropout=dropout, max_length=12)
    backbone = build_backbone(name, N_ITEMS, params)
    assert isinstance(backbone, Backbone)
    return backbone


@each_that_is_read_off
def test_a_state_depends_on_earlier_items_alone(name: str) -> None:
    backbone = tiny(name)
    before, after = (backbone(torch.tensor([[3, 7, 2, *last]])) for last in ((9, 4), (11, 15)))
    torch.testing.assert_close(before[:, :3], after[:, :3], rtol=0, atol=0)
    assert not torch.allclose(before[:, 3:], after[:, 3:])


@each_backbone
def test_the_order_of_items_matters(name: str) -> None:
    backbone = tiny(name)
    assert not torch.allclose(backbone(torch.tensor([[3, 7, 2]]))[0, -1], backbone(torch.tensor([[7, 3, 2]]))[0, -1])


@pytest.mark.parametrize("name", [name for name in BACKBONES if name not in READ_OFF])
def test_one_whose_states_look_ahead_says_so_and_is_refused_in_causal_mode(name: str) -> None:
    backbone = tiny(name)
    before, after = (backbone(torch.tensor([[3, 7, 2, last]])) for last in (9, 11))
    assert not torch.allclose(before[:, 0], after[:, 0])
    reason = backbone.params.only_prefixes()
    assert reason
    with pytest.raises(ValueError, match=f"mode: causal cannot train the backbone {name}: {reason}; set mode: prefix"):
        small_params(name, "plain", "causal")


@each_that_is_read_off
@settings(max_examples=15, deadline=None)
@given(items=st.lists(st.integers(1, N_ITEMS), min_size=1, max_size=12), padding=st.integers(0, 4))
def test_a_prefix_read_off_a_longer_padded_pass_is_the_prefix_alone(name: str, items: list[int], padding: int) -> None:
    backbone = tiny(name).double()
    padded = (items + [0] * padding)[:12]
    states = backbone(torch.tensor([padded]))[0]
    for end in range(1, len(items) + 1):
        torch.testing.assert_close(states[end - 1], backbone(torch.tensor([items[:end]]))[0, -1])


@each_backbone
def test_rows_of_a_batch_do_not_meet(name: str) -> None:
    backbone = tiny(name).double()
    rows = torch.tensor([[3, 7, 2, 9], [5, 5, 0, 0], [1, 2, 3, 0]])
    for row, states in zip(rows, backbone(rows), strict=True):
        torch.testing.assert_close(states, backbone(row[None])[0])


@each_backbone
@settings(max_examples=15, deadline=None)
@given(
    windows=st.lists(st.lists(st.integers(0, N_ITEMS), min_size=1, max_size=12), min_size=1, max_size=9),
    data=st.data(),
)
def test_packed_windows_have_the_states_and_gradients_of_each_alone(
    name: str, windows: list[list[int]], data: st.DataObject
) -> None:
    """Whatever their lengths, with masked items (0) anywhere, and whichever rows are read, some more than once."""
    backbone = tiny(name).double()
    lengths = torch.tensor([len(window) for window in windows])
    rows = st.integers(0, int(lengths.sum()) - 1)
    read = torch.tensor(data.draw(st.lists(rows, min_size=1, max_size=9)))
    packed = backbone.encode(torch.tensor([item for window in windows for item in window]), lengths, read)
    alone = [backbone.encode(torch.tensor(window), torch.tensor([len(window)])) for window in windows]
    plain = torch.cat(alone)[read]
    factor = torch.randn(packed.shape, dtype=torch.float64)
    weights = list(backbone.parameters())
    gradients = [torch.autograd.grad((states * factor).sum(), weights) for states in (packed, plain)]
    for ours, expected in zip((packed, *gradients[0]), (plain, *gradients[1]), strict=True):
        torch.testing.assert_close(ours, expected)


@each_backbone
def test_item_vectors_are_the_embedding_without_padding(name: str) -> None:
    backbone = tiny(name)
    assert backbone.item_vectors().shape == (N_ITEMS, 8)
    assert backbone.item_vectors().data_ptr() == backbone.item_embedding.weight[1:].data_ptr()


@each_backbone
@pytest.mark.parametrize("initialisation", ["normal", "xavier"])
def test_weights_begin_as_asked_for(name: str, initialisation: str) -> None:
    torch.manual_seed(0)
    params = sizes_of(name, hidden=96, feed_forward=128, initialisation=initialisation)
    backbone = build_backbone(name, 500, params)
    maps = [module for module in backbone.modules() if isinstance(module, torch.nn.Linear)]
    assert maps
    for module in maps:
        std = 0.02 if initialisation == "normal" else (2 / (module.in_features + module.out_features)) ** 0.5
        assert module.weight.std().item() == pytest.approx(std, rel=0.05)
        assert not module.bias.any()
    assert backbone.item_vectors().std().item() == pytest.approx(0.02, rel=0.05)


@each_backbone
def test_padding_row_is_zero_and_gets_no_gradient(name: str) -> None:
    backbone = tiny(name)
    assert backbone.item_embedding.weight[0].abs().sum() == 0
    backbone(torch.tensor([[3, 0, 0]])).sum().backward()
    assert backbone.item_embedding.weight.grad is not None
    assert backbone.item_embedding.weight.grad[0].abs().sum() == 0


@each_backbone
def test_every_weight_gets_gradient(name: str) -> None:
    backbone = tiny(name)
    (backbone(torch.randint(1, N_ITEMS + 1, (4, 12))).square().sum()).backward()
    assert [key for key, weight in backbone.named_parameters() if weight.grad is None or not weight.grad.any()] == []


@each_backbone
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.filterwarnings("error")
def test_dropout_acts_in_training_alone(name: str, layers: int) -> None:
    params = sizes_of(name, hidden=8, layers=layers, heads=2, feed_forward=16, dropout=0.5, max_length=12)
    backbone = build_backbone(name, N_ITEMS, params)
    items = torch.tensor([[3, 7, 2]])
    assert not torch.equal(backbone(items), backbone(items))
    backbone.eval()
    assert torch.equal(backbone(items), backbone(items))


@each_backbone
def test_the_seed_decides_the_weights(name: str) -> None:
    first, second = tiny(name).state_dict(), tiny(name).state_dict()
    assert all(torch.equal(weight, second[key]) for key, weight in first.items())


@each_backbone
def test_it_is_evaluated_by_full_ranking(name: str) -> None:
    backbone = tiny(name).eval()
    histories = Ragged.from_lists([[3], [7, 2, 9], list(range(1, 19))])
    states = encode_histories(backbone, histories)
    best = (states @ backbone.item_vectors().T).argmax(dim=1) + 1
    assert full_ranks(states, backbone.item_vectors(), best).tolist() == [1, 1, 1]


@each_backbone
def test_it_comes_back_from_the_store(name: str, tmp_path: Path) -> None:
    saved = tiny(name, dropout=0.3)
    weights, description = tmp_path / "model.safetensors", tmp_path / "model.json"
    origin = Provenance("train", "parameters", "inputs")
    save_backbone(
        weights, description, name=name, backbone=saved, state=saved.state_dict(), training={}, provenance=origin
    )
    loaded = load_backbone(weights, description, torch.device("cpu"))
    items = torch.tensor([[1, 5, 9]])
    assert type(loaded) is type(saved)
    assert torch.equal(loaded(items), saved.eval()(items))
