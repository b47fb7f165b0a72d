"""k-means against a plain loop."""

import torch

from sracl_core.objectives.shared.clusters import ROUNDS, k_means, nearest_centres


def test_it_is_the_plain_loop() -> None:
    points = torch.randn(60, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    start = torch.randperm(60, generator=torch.Generator().manual_seed(2))[:5]
    centres = [points[row] for row in start.tolist()]
    for _ in range(ROUNDS):
        members: list[list[torch.Tensor]] = [[] for _ in centres]
        for point in points:
            distances = [float((point - centre).norm()) for centre in centres]
            members[distances.index(min(distances))].append(point)
        centres = [torch.stack(own).mean(0) if own else centre for own, centre in zip(members, centres, strict=True)]
    torch.testing.assert_close(k_means(points, 5, torch.Generator().manual_seed(2)), torch.stack(centres))


def test_a_cluster_that_nothing_falls_into_keeps_its_centre() -> None:
    points = torch.ones(4, 2)
    assert torch.equal(k_means(points, 3, torch.Generator().manual_seed(0)), torch.ones(3, 2))


def test_more_points_than_are_held_at_once() -> None:
    points = torch.arange(20_000.0)[:, None]
    assert nearest_centres(points, torch.tensor([[0.0], [19_999.0]])).bincount().tolist() == [10_000, 10_000]
