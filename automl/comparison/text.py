"""A comparison as text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from automl.comparison import latency_words, words
from automl.comparison.differences import KINDS
from automl.formatting import configuration, mean_over_seeds, percent, percent_interval
from automl.report.evaluation import FALSE, MISSED

Json = Mapping[str, Any]

_ROWS = 12


def text(found: Json) -> str:
    """Write a comparison, what differs first."""
    searches, groups = list(found["searches"]), found["groups"]
    lines = [found["images"]["line"], *filter(None, [words.smoke(found)]), ""]
    lines += [_heading(group, searches) for group in groups]
    lines += ["", *_differences(found, searches)]
    lines += ["", "Best configurations", *_configurations(found)]
    lines += [f"  {line}" for line in latency_words.lines(found)]
    lines += [warning] if (warning := words.validation(found)) else []
    if found["domains"]:
        lines += ["", "Test accuracy, 95 % interval (Wilson)", *_accuracies(found, searches)]
    for section in (_errors, _pairs, _ranks, _gap, _moved):
        part = section(found)
        lines += ["", *part] if part else []
    lines += ["", "Cost", *_cost(searches)]
    return "\n".join(lines)


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Align columns two blanks apart, the first and the last line without trailing blanks."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  " + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _heading(group: Json, searches: Sequence[Json]) -> str:
    own = [search for search in searches if search["key"] in group["searches"]]
    ended = "" if all(search["closed"] for search in own) else " (not ended)"
    if len(own) == 1:
        return f"{group['label']}, seed {own[0]['seed']}{ended}"
    names = ", ".join(search["name"] for search in own)
    return f"{group['label']}: seeds of one search ({names}){ended}"


def _differences(found: Json, searches: Sequence[Json]) -> list[str]:
    rows = found["differences"]
    if not rows:
        return ["Nothing differs between the searches but their names and seeds."]
    keys = [search["key"] for search in searches]
    lines = ["What differs"]
    for kind, title in KINDS.items():
        own = [row for row in rows if row["kind"] == kind]
        columns = words.columns(own, found, keys)
        shown = [[row["key"], *(words.differing(row, k) for _, k in columns)] for row in own]
        if shown:
            lines += table([[title, *(head for head, _ in columns)], *shown[:_ROWS]])
        if len(shown) > _ROWS:
            lines.append(f"  and {len(shown) - _ROWS} more, in compare.html")
    return lines


def _configurations(found: Json) -> list[str]:
    lines = []
    for search in found["searches"]:
        best, chosen = search["incumbent"], search["confirmed"]
        if best is None:
            lines.append(f"  {search['key']}  no trial finished")
            continue
        lines.append(
            f"  {search['key']}  incumbent  {percent(best['validation_accuracy'])}  "
            f"{_latency(found, search, 'incumbent')}{configuration(best['configuration'])}"
        )
        if chosen is not None:
            mean = mean_over_seeds(chosen["mean"], chosen["interval"])
            lines.append(
                f"  {search['key']}  confirmed  {mean}  "
                f"{_latency(found, search, 'confirmed')}{configuration(chosen['configuration'])}"
            )
    return lines


def _latency(found: Json, search: Json, which: str) -> str:
    return f"{latency_words.cell(search, which)}  " if latency_words.measured(found) else ""


def _accuracies(found: Json, searches: Sequence[Json]) -> list[str]:
    rows = [["", *found["domains"]]]
    for search in searches:
        entries = [words.entry_of(search, domain) for domain in found["domains"]]
        rows.append([search["key"], *map(words.accuracy, entries)])
    return table(rows)


def _errors(found: Json) -> list[str]:
    rows = words.errors(found)
    head = ("", "", MISSED, FALSE)
    title = "Hits (images with diffraction) missed, and false alarms, 95 % intervals (Wilson)"
    return [title, *table([head, *rows])] if rows else []


def _pairs(found: Json) -> list[str]:
    rows = [
        [
            row["domain"],
            row["pair"],
            words.points_interval(row["difference"], row["interval"]),
            words.right_alone(row),
            words.p_value(row["p"]),
            words.p_value(row["p_holm"]),
        ]
        for row in found["pairs"]
        if row["reason"] is None
    ]
    head = ["", "pair", "points (95 %)", "right alone", "McNemar p", "Holm"]
    lines = ["On the same images, in pairs", *table([head, *rows])] if rows else []
    for why in dict.fromkeys(row["reason"] for row in found["pairs"] if row["reason"]):
        pairs = [f"{r['a']} and {r['b']}" for r in found["pairs"] if r["reason"] == why]
        lines.append(f"Paired test of {', '.join(dict.fromkeys(pairs))}: {words.reason(why)}")
    return lines


def _ranks(found: Json) -> list[str]:
    rows = [
        [
            row["domain"],
            f"{row['b']} over {row['a']}",
            words.each(row["mean_rank"], "{:.1f}".format),
            f"{row['superiority']:.2f}",
            words.p_value(row["p"]),
            words.p_value(row["p_holm"]),
        ]
        for row in found["ranks"]
    ]
    head = ["", "pair", "mean rank", "chance of above", "Mann-Whitney p", "Holm"]
    said = [f"  {line}" for line in words.over_seeds(found)]
    tested = table([head, *rows]) if rows else []
    return ["Over seeds", *said, *tested] if said or tested else []


def _gap(found: Json) -> list[str]:
    gap = found["gap"]
    if gap is None:
        return []
    rows = [["", "selected elsewhere", "selected here", "here − elsewhere, points (95 %)", "p"]]
    rows += [
        [
            f"{row['domain']}, {row['own']} after {row['base']}",
            percent_interval(row["base_accuracy"], row["base_interval"], row["n"]),
            percent_interval(row["own_accuracy"], row["own_interval"], row["n"]),
            words.reason(row["reason"])
            or words.points_interval(row["difference"], row["interval"]),
            words.p_value(row["p"]),
        ]
        for row in gap["rows"]
    ]
    other = f"  {words.OTHER_DATA}" if gap["other_data"] else ""
    published = [
        f"  the paper's {row['method']} on {row['domain']}, selected on {row['select']}: "
        f"{words.printed(row)}  ({row['source']}){other}"
        for row in gap["paper"]
    ]
    return ["The domain gap (section 5.4 of the paper)", *table(rows), *published]


def _moved(found: Json) -> list[str]:
    if not found["moved"]:
        return []
    confirmed = [search["key"] for search in found["searches"] if search["confirmed"]]
    columns = words.columns(found["moved"], found, confirmed)
    groups = list(found["importance"])
    rows = [["", *(head for head, _ in columns), *(f"importance in {key}" for key in groups)]]
    for row in found["moved"]:
        shares = [found["importance"][key]["shares"].get(row["parameter"]) for key in groups]
        values = [words.value(row["values"], key) for _, key in columns]
        rows.append([row["parameter"], *values, *map(words.share, shares)])
    notes = [f"  {key}: {words.importance_note(found['importance'][key])}" for key in groups]
    return ["Parameters that moved between the confirmed configurations", *table(rows), *notes]


def _cost(searches: Sequence[Json]) -> list[str]:
    rows = [["", *words.COST]]
    return table(rows + [[search["key"], *words.cost(search)] for search in searches])
