"""SASRec by RecBole, in the comparison with other libraries; runs in RecBole's own environment."""

import logging
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from protocol import SETTINGS, Comparison
from recbole.config import Config
from recbole.data import create_dataset, data_preparation
from recbole.data.interaction import Interaction
from recbole.model.sequential_recommender import SASRec
from recbole.trainer import Trainer
from recbole.utils import init_seed

comparison = Comparison()
logging.disable(logging.WARNING)
work = TemporaryDirectory()
folder = Path(work.name) / "data"
folder.mkdir()
with (folder / "data.inter").open("w", encoding="utf-8") as file:
    file.write("user_id:token\titem_id:token\ttimestamp:float\n")
    for user, items in enumerate(comparison.train):
        whole = [*items, comparison.valid[user], comparison.test[user]]
        file.writelines(f"{user}\t{item}\t{place}\n" for place, item in enumerate(whole))

config = Config(
    model="SASRec",
    dataset="data",
    config_dict={
        "data_path": work.name,
        "checkpoint_dir": work.name,
        "use_gpu": False,
        "load_col": {"inter": ["user_id", "item_id", "timestamp"]},
        "eval_args": {"split": {"LS": "valid_and_test"}, "order": "TO", "group_by": "user", "mode": "full"},
        "train_neg_sample_args": None,
        "loss_type": "CE",
        "n_layers": SETTINGS["layers"],
        "n_heads": SETTINGS["heads"],
        "hidden_size": SETTINGS["hidden"],
        "inner_size": SETTINGS["feed_forward"],
        "hidden_dropout_prob": SETTINGS["dropout"],
        "attn_dropout_prob": SETTINGS["dropout"],
        "MAX_ITEM_LIST_LENGTH": SETTINGS["length"],
        "train_batch_size": SETTINGS["batch"],
        "learning_rate": SETTINGS["learning_rate"],
        "seed": comparison.seed,
        "show_progress": False,
    },
)
init_seed(config["seed"], config["reproducibility"])
dataset = create_dataset(config)
training, _, _ = data_preparation(config, dataset)
model = SASRec(config, training.dataset)
trainer = Trainer(config, model)
# Its own ids of items 1, 2, 3, …; an item it does not know has none.
known = dataset.field2token_id["item_id"]
ids = np.array([known.get(str(item), -1) for item in range(1, comparison.n_items + 1)])


@torch.no_grad()
def scores(histories: list[list[int]]) -> np.ndarray:
    """Scores of all items after each history, [U, n_items]."""
    model.eval()
    length = int(SETTINGS["length"])
    padded = np.zeros((len(histories), length), dtype=np.int64)
    for row, items in enumerate(histories):
        recent = ids[np.array(items[-length:]) - 1]
        padded[row, : len(recent)] = recent
    lengths = torch.tensor([min(len(items), length) for items in histories])
    batch = Interaction({"item_id_list": torch.from_numpy(padded), "item_length": lengths})
    found = model.full_sort_predict(batch).view(len(histories), -1).numpy()[:, ids]
    found[:, ids < 0] = -np.inf
    return found


weights = sum(weight.numel() for weight in model.parameters())
comparison.describe("RecBole", weights, "recbole", "torch")
going_on, epoch = True, 0
while going_on:
    comparison.begin_epoch()
    trainer._train_epoch(training, epoch, show_progress=False)
    going_on = comparison.end_epoch(scores)
    epoch += 1
