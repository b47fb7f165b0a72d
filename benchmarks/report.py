"""Write the tables of docs/results.md from the results that the benchmarks left.

    python benchmarks/report.py

A table stands between `<!-- NAME -->` and `<!-- /NAME -->`; what is around them is written by hand.
"""

import re
from collections.abc import Callable
from statistics import mean, median, stdev
from typing import Any

from machine import RESULTS_FOLDER
from scipy.stats import ttest_rel

from sracl_core.documents import read_json

PAGE = RESULTS_FOLDER.parent.parent / "docs" / "results.md"
ARMS = {
    "plain": "plain SASRec",
    "inter": "+ inter-user",
    "intra": "+ intra-user",
    "both": "SRA-CL (both)",
}
COMPANION = "plain_arranged_as_both"
SHIPPED = "both_as_shipped"
SET_ALIKE = "plain_set_as_both"
COMPARED = ARMS | {
    COMPANION: "plain SASRec, arranged as SRA-CL",
    SET_ALIKE: "plain SASRec, set as SRA-CL",
    SHIPPED: "SRA-CL (both), as shipped",
}
METRICS = ("hr@10", "ndcg@10", "hr@20", "ndcg@20")


def epochs(found: dict[str, Any]) -> list[str]:
    """Seconds of an epoch in every mode."""
    lines = ["| data, device | " + " | ".join(found["runs"][0]["seconds_an_epoch"]) + " |"]
    lines.append("|---|" + "---|" * len(found["runs"][0]["seconds_an_epoch"]))
    for run in found["runs"]:
        times = [f"{median(taken):.2f} s" for taken in run["seconds_an_epoch"].values()]
        lines.append(f"| {run['data']}; {_device(run)} | " + " | ".join(times) + " |")
    return lines


def encoder_variants(found: dict[str, Any]) -> list[str]:
    """Milliseconds of a step with the encoder as it is, and otherwise."""
    names = list(found["runs"][0]["milliseconds_a_step"]["plain"])
    lines = ["| data, device | branches | " + " | ".join(names) + " |", "|---|---|" + "---|" * len(names)]
    for run in found["runs"]:
        for branches, taken in run["milliseconds_a_step"].items():
            times = " | ".join(f"{taken[name]:.1f} ms" for name in names)
            lines.append(f"| {run['data']}; {_device(run)} | {branches} | {times} |")
    return lines


def peers(found: dict[str, Any]) -> list[str]:
    """This project beside other libraries."""
    columns = {
        "seconds_an_epoch": ("s an epoch", ".2f"),
        "best_epoch": ("best epoch", ".0f"),
        "seconds_to_best": ("s to best", ".0f"),
        "hr@20": ("HR@20", ".4f"),
        "ndcg@20": ("NDCG@20", ".4f"),
    }
    heads = [head for head, _ in columns.values()]
    lines = [
        "| library | weights | seeds | " + " | ".join(heads) + " |",
        "|---|---|---|" + "---|" * len(columns),
    ]
    for name, row in found["rows"].items():
        trained = found["trainings"][name]
        weights = f"{trained[0]['parameters']:,}" if trained else ""
        cells = [f"{row[column]:{form}}" if column in row else "" for column, (_, form) in columns.items()]
        lines.append(f"| {name} | {weights} | {len(trained)} | " + " | ".join(cells) + " |")
    return lines


def large_catalogue(found: dict[str, Any]) -> list[str]:
    """Steps over large catalogues."""
    lines = [
        "| items | batch | length | loss | objective | threads | s a step | peak memory |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in found["rows"]:
        lines.append(
            f"| {row['items']:,} | {row['batch']} | {found['length']} | {row['loss']} | {row['objective']} "
            f"| {row['threads']} | {row['seconds_a_step'][-1]} | {row['peak_rss_bytes'] / 2**30:.2f} GiB |"
        )
    return lines


def growth(found: dict[str, Any]) -> list[str]:
    """How an epoch grows with the work."""
    lines = ["| what grows | from | to | s an epoch | slope | steepest |", "|---|---|---|---|---|---|"]
    for name, sweep in found["sweeps"].items():
        sizes, seconds = sweep["sizes"], sweep["seconds_an_epoch"]
        lines.append(
            f"| {name} | {sizes[0]:,} | {sizes[-1]:,} | {seconds[0]:g} to {seconds[-1]:g} | {sweep['slope']} "
            f"| {sweep['steepest']} |"
        )
    return lines


def quality_search(found: dict[str, Any]) -> list[str]:
    """What the search tried, best first in every arm; the best few have further seeds."""
    lines = [
        "| arm | what differs from where the search began | validation NDCG@20 | mean of three seeds | best epoch |",
        "|---|---|---|---|---|",
    ]
    for arm, searched in found["arms"].items():
        for trial in sorted(searched["trials"], key=lambda one: -one["valid"]["ndcg@20"]):
            values = validations(trial, "ndcg@20")
            cells = [f"{values[0]:.4f}", f"{mean(values):.4f}" if len(values) > 1 else ""]
            if trial["switch"] == searched["chosen"]:
                cells = [f"**{cell}**" if cell else "" for cell in cells]
            lines.append(f"| {ARMS[arm]} | {_switch(trial['switch'])} | {' | '.join(cells)} | {trial['best_epoch']} |")
    return lines


def validations(trial: dict[str, Any], metric: str) -> list[float]:
    """Return the validation `metric` of a trial of the search for each of its seeds, the search's own first."""
    return [valid[metric] for valid in [trial["valid"], *trial.get("finals", {}).values()]]


def authors(found: dict[str, Any]) -> list[str]:
    """The authors' settings, and what turning one of them does."""
    lines = ["| settings | validation NDCG@20 | test HR@20 | test NDCG@20 | best epoch |", "|---|---|---|---|---|"]
    for name, row in found["rows"].items():
        values = (row["valid"]["ndcg@20"], row["test"]["hr@20"], row["test"]["ndcg@20"])
        lines.append(f"| {name} | " + " | ".join(f"{value:.4f}" for value in values) + f" | {row['best_epoch']} |")
    return lines


def pools(found: dict[str, Any]) -> list[str]:
    """What the candidate pools hold."""
    lines = ["| share of | pools | at random |", "|---|---|---|"]
    for name, row in found["shares"].items():
        cells = [f"{100 * row[column]:.1f} %" if column in row else "" for column in ("pool", "random")]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def authors_level(found: dict[str, Any]) -> list[str]:
    """How soon the level of the authors' code is reached."""
    lines = ["| seed | epochs | seconds | times sooner | test HR@20 | test NDCG@20 |", "|---|---|---|---|---|---|"]
    for row in found["trainings"]:
        last = row["seen"][-1]
        sooner = f"{found['authors_seconds'] / row['seconds']:.0f}" if row["reached"] else "not reached"
        lines.append(
            f"| {row['seed']} | {row['epochs']} | {row['seconds']:.0f} | {sooner} | {last['hr@20']:.4f} "
            f"| {last['ndcg@20']:.4f} |"
        )
    return lines


def quality_states(found: dict[str, Any]) -> list[str]:
    """What the trainings of every arm have made of the states, mean over seeds."""
    arms = _trained(found, "states")
    names = list(next(iter(arms.values()))[0])
    heads = [name.replace("_", ", ", 1) for name in names]
    lines = ["| arm | " + " | ".join(heads) + " |", "|---|" + "---|" * len(names)]
    for arm, rows in arms.items():
        cells = [f"{mean(row[name] for row in rows):.3f}" for name in names]
        lines.append(f"| {COMPARED[arm]} | " + " | ".join(cells) + " |")
    return lines


def quality(found: dict[str, Any]) -> list[str]:
    """Every arm over the seeds, and its gain over plain SASRec."""
    tests = _trained(found, "test")
    heads = [f"{metric.upper()}" for metric in METRICS]
    lines = ["| arm | seeds | " + " | ".join(heads) + " | HR@20 over plain | NDCG@20 over plain |"]
    lines.append("|---|---|" + "---|" * (len(heads) + 2))
    for arm, rows in tests.items():
        values = {metric: [row[metric] for row in rows] for metric in METRICS}
        cells = [f"{mean(one):.4f} ± {stdev(one) if len(one) > 1 else 0:.4f}" for one in values.values()]
        gains = [_gain(values[metric], [row[metric] for row in tests["plain"]]) for metric in ("hr@20", "ndcg@20")]
        lines.append(
            f"| {COMPARED[arm]} | {len(rows)} | " + " | ".join(cells + ([""] * 2 if arm == "plain" else gains)) + " |"
        )
    return lines


def busy(found: dict[str, Any]) -> list[str]:
    """Each stage quiet and beside a busy core."""
    lines = ["| stage | threads wait | quiet | beside a busy core | times |", "|---|---|---|---|---|"]
    return lines + ["| {stage} | {waiting} | {quiet} s | {busy} s | {ratio} |".format(**row) for row in found["rows"]]


def _trained(found: dict[str, Any], told: str) -> dict[str, list[dict[str, float]]]:
    """What is `told` of the trainings of every arm that was compared, by arm."""
    arms = {arm: [row[told] for row in found["trainings"] if row["arm"] == arm] for arm in COMPARED}
    return {arm: rows for arm, rows in arms.items() if rows}


TABLES: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    function.__name__: function
    for function in (
        epochs,
        encoder_variants,
        peers,
        large_catalogue,
        growth,
        quality_search,
        quality,
        quality_states,
        pools,
        authors,
        authors_level,
        busy,
    )
} | {"quality_normal": quality, "authors_gain": quality}
# A table made from another's results.
SOURCES = {"quality_states": "quality"}


def with_tables(page: str) -> str:
    """Return `page` with every table in it made anew."""
    for name, table in TABLES.items():
        results = RESULTS_FOLDER / f"{SOURCES.get(name, name)}.json"
        lines = table(read_json(results)) if results.exists() else ["Not measured yet."]
        body = "\n".join([f"<!-- {name} -->", "", *lines, "", f"<!-- /{name} -->"])
        page = re.sub(rf"<!-- {name} -->.*?<!-- /{name} -->", lambda _, body=body: body, page, flags=re.DOTALL)
    return page


def write_report() -> None:
    """Write docs/results.md."""
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def _gain(values: list[float], plain: list[float]) -> str:
    """The relative gain, and p of a paired t-test over the seeds."""
    gain = f"{100 * (mean(values) / mean(plain) - 1):+.1f} %"
    paired = len(values) == len(plain) > 1
    return f"{gain} (p = {ttest_rel(values, plain).pvalue:.2g})" if paired else gain


def _device(run: dict[str, Any]) -> str:
    return str(run["machine"].get("gpu", f"{run['machine']['cores']} cores, {run['machine']['cpu']}"))


def _switch(switch: dict[str, Any]) -> str:
    return ", ".join(f"`{name}` {value}" for name, value in switch.items()) or "nothing"


if __name__ == "__main__":
    write_report()
