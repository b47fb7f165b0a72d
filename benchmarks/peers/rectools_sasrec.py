"""SASRec by RecTools, in the comparison with other libraries; runs in RecTools' own environment."""

import warnings

import numpy as np
import pandas as pd
import torch
from protocol import SETTINGS, Comparison
from pytorch_lightning import Callback, LightningModule, Trainer, seed_everything
from rectools import Columns
from rectools.dataset import Dataset
from rectools.models import SASRecModel

warnings.filterwarnings("ignore")
comparison = Comparison()
seed_everything(comparison.seed, verbose=False)
rows = [
    (user, item, 1.0, pd.Timestamp("2000-01-01") + pd.Timedelta(days=place))
    for user, items in enumerate(comparison.train)
    for place, item in enumerate(items)
]
dataset = Dataset.construct(pd.DataFrame(rows, columns=Columns.Interactions))


class Watch(Callback):
    """Times every epoch of the trainer, and stops it."""

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start the clock."""
        weights = sum(weight.numel() for weight in model.torch_model.parameters())
        comparison.describe("RecTools", weights, "rectools", "torch", "pytorch-lightning")
        comparison.begin_epoch()

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stop the clock and rank."""
        trainer.should_stop = not comparison.end_epoch(scores)
        pl_module.train()


def trainer() -> Trainer:
    """What RecTools makes itself, with the watch in it."""
    return Trainer(
        max_epochs=comparison.epochs,
        min_epochs=1,
        accelerator="cpu",
        devices=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[Watch()],
    )


model = SASRecModel(
    n_blocks=int(SETTINGS["layers"]),
    n_heads=int(SETTINGS["heads"]),
    n_factors=int(SETTINGS["hidden"]),
    dropout_rate=SETTINGS["dropout"],
    session_max_len=int(SETTINGS["length"]),
    loss="softmax",
    lr=SETTINGS["learning_rate"],
    batch_size=int(SETTINGS["batch"]),
    epochs=comparison.epochs,
    get_trainer_func=trainer,
)


@torch.no_grad()
def scores(histories: list[list[int]]) -> np.ndarray:
    """Scores of all items after each history, [U, n_items]; items that RecTools has not seen come last."""
    torch_model, known = model.lightning_model.torch_model, model.data_preparator.item_id_map
    torch_model.eval()
    length = int(SETTINGS["length"])
    padded = np.zeros((len(histories), length), dtype=np.int64)  # padded on the left
    for row, items in enumerate(histories):
        ids = known.convert_to_internal(items[-length:], strict=False)
        if len(ids):
            padded[row, -len(ids) :] = ids
    logits = torch_model(batch={"x": torch.from_numpy(padded)})[:, -1].numpy()
    external = pd.Series(known.external_ids[model.data_preparator.n_item_extra_tokens :]).astype(int).to_numpy()
    found = np.full((len(histories), comparison.n_items), -np.inf, dtype=np.float32)
    found[:, external - 1] = logits[:, model.data_preparator.n_item_extra_tokens :]
    return found


model.fit(dataset)
