"""What the search of `quality.py` tries: where it begins, its arms, and the switches of each."""

from trials import Switch

# Where the search began, so far as it is not what is shipped now, after the search.
BEGIN: Switch = {
    "model.arrangement": "post_norm",
    "model.initialisation": "normal",
    "alpha": 0.3,
    "intra.similarity": "cosine",
    "intra.temperature": 0.1,
    "intra.substitution_rate": 0.2,
    "batch_size": 64,
    "learning_rate": 0.001,
    "early_stop.patience": 10,
    "max_epochs": 100,
}
ARMS: dict[str, Switch] = {
    "plain": {"alpha": 0.0, "beta": 0.0},
    "inter": {"beta": 0.0},
    "intra": {"alpha": 0.0},
    "both": {},
}
BACKBONE: list[Switch] = [{"model.dropout": 0.4}, {"learning_rate": 0.002}]
MASKS: Switch = {"negatives.mask_same_target": True, "negatives.mask_pool": True}
INTER_AS_AUTHORS: Switch = {"inter.similarity": "dot", "inter.temperature": 1.0}
INTRA_AS_AUTHORS: Switch = {"intra.similarity": "dot", "intra.temperature": 1.0}
XAVIER: Switch = {"model.initialisation": "xavier"}
PATIENT: Switch = XAVIER | {"early_stop.patience": 20}
PATIENT_INTRA: Switch = PATIENT | INTRA_AS_AUTHORS | {"learning_rate": 0.002}
PATIENT_BOTH: Switch = PATIENT_INTRA | {"alpha": 0.1}
LARGE_STEPS: Switch = {"batch_size": 128, "learning_rate": 0.004}
ORIGINAL: Switch = PATIENT | {"model.arrangement": "original", "batch_size": 128, "learning_rate": 0.002}
ORIGINAL_INTRA: Switch = ORIGINAL | INTRA_AS_AUTHORS | {"intra.substitution_rate": 0.5}
ORIGINAL_BOTH: Switch = ORIGINAL_INTRA | {"alpha": 0.1}
# The contrast of a user's own prefixes is still gaining at epoch 100; plain SASRec has stopped by then.
LONG: Switch = {"max_epochs": 200}
LONGER: Switch = LONG | {"early_stop.patience": 30}
SWITCHES: dict[str, list[Switch]] = {
    "plain": [
        *BACKBONE,
        {"model.dropout": 0.6},
        {"batch_size": 128},
        {"batch_size": 256},
        {"learning_rate": 0.0005},
        {"weight_decay": 1e-5},
        {"model.max_length": 20},
        {"learning_rate": 0.004},
        {"learning_rate": 0.002, "batch_size": 128},
        {"learning_rate": 0.002, "model.dropout": 0.6},
        {"learning_rate": 0.002, "model.max_length": 20},
        {"learning_rate": 0.002, "model.max_length": 20, "model.dropout": 0.6, "batch_size": 128},
        XAVIER,
        XAVIER | {"learning_rate": 0.002},
        XAVIER | {"batch_size": 128},
        PATIENT,
        PATIENT | {"batch_size": 128},
        PATIENT | {"batch_size": 128, "learning_rate": 0.002},
        PATIENT | LARGE_STEPS,
        PATIENT | {"batch_size": 128, "model.dropout": 0.6},
        PATIENT | {"batch_size": 128, "learning_rate": 0.002, "model.dropout": 0.4},
        PATIENT | {"batch_size": 128, "learning_rate": 0.002, "model.dropout": 0.6},
        PATIENT | {"batch_size": 128, "learning_rate": 0.002, "weight_decay": 1e-5},
        PATIENT | {"batch_size": 256, "learning_rate": 0.004},
        ORIGINAL,
        ORIGINAL | LARGE_STEPS,
        ORIGINAL | {"learning_rate": 0.001},
        ORIGINAL | {"model.dropout": 0.4},
        ORIGINAL | {"model.dropout": 0.6},
        PATIENT | LARGE_STEPS | LONGER,
        ORIGINAL | LONGER,
        PATIENT | LARGE_STEPS | {"model.dropout": 0.4},
        PATIENT | LARGE_STEPS | {"model.dropout": 0.6},
        PATIENT | LARGE_STEPS | {"learning_rate": 0.008},
    ],
    "inter": [
        *BACKBONE,
        {"alpha": 1.0},
        {"inter.temperature": 0.2},
        INTER_AS_AUTHORS,
        {"mine.k": 5},
        {"mine.exclude_same_user": False},
        MASKS,
        {"learning_rate": 0.004},
        {"inter.temperature": 0.05, "learning_rate": 0.002},
        {"model.dropout": 0.6, "learning_rate": 0.002},
        {"mine.exclude_same_user": False, "learning_rate": 0.002},
        XAVIER | {"learning_rate": 0.002},
        PATIENT | {"batch_size": 128, "learning_rate": 0.002},
        PATIENT | LARGE_STEPS,
        ORIGINAL,
        ORIGINAL | LARGE_STEPS,
    ],
    "intra": [
        *BACKBONE,
        {"beta": 0.3},
        {"intra.temperature": 0.2},
        INTRA_AS_AUTHORS,
        {"mine.k": 5},
        {"intra.substitution_rate": 0.1},
        MASKS,
        INTRA_AS_AUTHORS | {"learning_rate": 0.002},
        INTRA_AS_AUTHORS | {"learning_rate": 0.004},
        INTRA_AS_AUTHORS | {"mine.k": 5, "beta": 0.3},
        XAVIER | INTRA_AS_AUTHORS | {"learning_rate": 0.002},
        PATIENT_INTRA,
        PATIENT_INTRA | {"batch_size": 128},
        PATIENT_INTRA | LARGE_STEPS,
        PATIENT_INTRA | LARGE_STEPS | {"intra.substitution_rate": 0.5},
        ORIGINAL_INTRA,
        ORIGINAL_INTRA | LARGE_STEPS,
        ORIGINAL_INTRA | {"intra.substitution_rate": 0.7},
        PATIENT_INTRA | {"batch_size": 128} | LONG,
        ORIGINAL_INTRA | {"intra.substitution_rate": 0.7} | LONG,
        ORIGINAL_INTRA | {"intra.substitution_rate": 0.9},
        PATIENT_INTRA | {"batch_size": 128, "intra.substitution_rate": 0.5},
    ],
    # What each branch alone has shown: the intra-user contrast is best with dot products, the other with cosines.
    "both": [
        *BACKBONE,
        {"alpha": 1.0},
        {"beta": 0.03},
        INTRA_AS_AUTHORS,
        INTRA_AS_AUTHORS | {"learning_rate": 0.002},
        INTRA_AS_AUTHORS | {"learning_rate": 0.002, "beta": 0.03},
        INTRA_AS_AUTHORS | {"learning_rate": 0.002, "model.dropout": 0.6},
        INTRA_AS_AUTHORS | {"learning_rate": 0.004},
        INTRA_AS_AUTHORS | {"learning_rate": 0.002, "alpha": 0.1},
        XAVIER | INTRA_AS_AUTHORS | {"learning_rate": 0.002, "alpha": 0.1},
        PATIENT_BOTH,
        PATIENT_BOTH | {"batch_size": 128},
        PATIENT_BOTH | {"model.dropout": 0.4},
        PATIENT_BOTH | {"beta": 0.2},
        PATIENT_BOTH | LARGE_STEPS | {"model.dropout": 0.4},
        PATIENT_BOTH | LARGE_STEPS,
        PATIENT_BOTH | LARGE_STEPS | {"intra.substitution_rate": 0.3},
        PATIENT_BOTH | LARGE_STEPS | {"intra.temperature": 0.5},
        PATIENT_BOTH | LARGE_STEPS | {"intra.substitution_rate": 0.5},
        PATIENT_BOTH | LARGE_STEPS | {"intra.temperature": 2.0},
        PATIENT_BOTH | LARGE_STEPS | {"intra.substitution_rate": 0.7},
        ORIGINAL_BOTH,
        ORIGINAL_BOTH | LARGE_STEPS,
        ORIGINAL_BOTH | {"model.dropout": 0.4},
        ORIGINAL_BOTH | {"intra.substitution_rate": 0.7},
        ORIGINAL_BOTH | {"intra.substitution_rate": 0.3},
        ORIGINAL_BOTH | {"intra.substitution_rate": 0.7} | LONG,
        ORIGINAL_BOTH | {"intra.substitution_rate": 0.7} | LONGER,
        ORIGINAL_BOTH | {"intra.substitution_rate": 0.9},
        ORIGINAL_BOTH | {"intra.substitution_rate": 1.0},
        ORIGINAL_BOTH | {"intra.substitution_rate": 1.0, "alpha": 0.2},
        ORIGINAL_BOTH | {"intra.substitution_rate": 1.0, "mine.k": 20},
    ],
}
