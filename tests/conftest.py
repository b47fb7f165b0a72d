"""What all tests share."""

import os
import sys
from pathlib import Path

# `from tests.pipeline import …` works however pytest is started.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

# Tests never reach for a model hub; libraries read this when they are imported.
os.environ["HF_HUB_OFFLINE"] = "1"
