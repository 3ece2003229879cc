"""What the gap benchmark trains, adds up and refuses; its accuracies are nobody's claim here."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import yaml

from automl.paired import difference_interval, discordance
from benchmarks import gap
from benchmarks.gap_models import ASKED, Answer, Models, evaluated_otherwise
from benchmarks.gap_table import Row, crossed_interval, row
from benchmarks.gap_terms import KINDS, Kind, text
from searchspaces import parse_space
from trainables.deepfreak.trainable import DeepFreak

CONF = Path(__file__).parents[2] / "conf"
FOREST, NETWORK = KINDS[1], KINDS[2]
SMALL = {"width": 0.125, "blocks": [1, 1, 1, 1], "pool": "scaled"}


class Data:
    """A few random images of every domain and split, brighter in the higher classes."""

    classes = ("blank", "no-crystal", "weak", "good", "strong")
    image_shape = (48, 48)
    domains = {
        "synthetic": SimpleNamespace(projection=(0, 1, 2, 3, 4)),
        "real_raw": SimpleNamespace(projection=(0, 0, 1, 1, 1)),
        "real_preprocessed": SimpleNamespace(projection=(0, 0, 1, 1, 1)),
    }

    def split(self, domain: str, split: str) -> SimpleNamespace:
        rng = np.random.default_rng(len(domain + split))
        labels = np.arange(20) % 5
        images = rng.poisson(4 + 12 * labels[:, None, None], (20, 48, 48)).astype(np.uint8)
        labels = np.asarray(self.domains[domain].projection)[labels]
        return SimpleNamespace(images=images, labels=labels, digest=f"{domain}-{split}")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_term_is_a_point_of_the_extended_space(kind: Kind) -> None:
    file = CONF / "space" / f"{kind.trainable}_extended.yaml"
    space = parse_space(yaml.safe_load(file.read_text()), file.name)
    default = {**space.default_configuration(), **kind.configuration}
    names = set(space.canonical(kind.configuration | further(space))) - set(kind.configuration)
    assert {name for term in kind.terms for name in term} == names
    for term in kind.terms:
        (name,) = term
        assert term[name] != default[name]
        whole = {**kind.configuration, **further(space), **term}
        if whole.get("normalisation") == "group":
            del whole["evaluation_statistics"]
        space.validate(space.canonical(whole))


def further(space: Any) -> dict[str, Any]:
    """What the extended spaces add, at its defaults."""
    default = space.default_configuration()
    paper = yaml.safe_load((CONF / "space" / f"{space.name.split('_')[0]}.yaml").read_text())
    return {name: value for name, value in default.items() if name not in paper["parameters"]}


def test_of_one_seed_the_interval_is_that_of_paired_images() -> None:
    rng = np.random.default_rng(0)
    before, after = rng.random(300) < 0.6, rng.random(300) < 0.75
    found = crossed_interval((after.astype(int) - before)[np.newaxis])
    expected = difference_interval(discordance(before, after), seed=1)
    assert found == pytest.approx(expected, abs=0.01)


def test_seeds_that_disagree_widen_the_interval() -> None:
    gained = np.zeros((4, 200), int)
    gained[:, :20] = 1
    agreeing = crossed_interval(gained)
    gained[:2, :40], gained[2:, :40] = 1, 0
    disagreeing = crossed_interval(gained)
    assert np.ptp(disagreeing) > 1.5 * np.ptp(agreeing)
    assert crossed_interval(gained) == disagreeing
    assert crossed_interval(np.zeros((3, 50), int)) == (0, 0)


def test_a_row_compares_equal_seeds() -> None:
    def answer(*right: int) -> Answer:
        rights = {name: np.isin(np.arange(10), right) for name in ASKED}
        return Answer(rights, 2.0, 0.5)

    defaults, answers = [answer(0, 1), answer(2)], [answer(0, 1, 3), answer(2, 4, 5)]
    default = row(FOREST, {}, defaults, defaults)
    assert default.cells["real_raw"].right == (2, 1)
    assert default.cells["real_raw"].interval is None
    changed = row(FOREST, {"grey_levels": "equalised"}, answers, defaults)
    cell = changed.cells["real_raw"]
    assert (cell.right, cell.accuracy) == ((3, 3), pytest.approx(0.3))
    assert cell.difference == pytest.approx(0.15)
    assert "grey_levels=equalised" in str(changed)
    assert "+15.0 [" in str(changed)
    assert json.loads(json.dumps(changed.as_dict()))["cells"]["real_raw"]["n"] == 10


@pytest.mark.parametrize(
    "term", [{"evaluation_statistics": "target"}, {"test_time_augmentation": "symmetries"}]
)
def test_what_only_evaluates_otherwise_need_not_be_trained(
    tmp_path: Path, term: dict[str, str]
) -> None:
    assert not NETWORK.trains(term)
    models = Models(NETWORK, Data(), {**SMALL, "cycle_epochs": 1}, 1, tmp_path)
    models.answer({}, 0)
    evaluated_otherwise(tmp_path / "DeepFreak-0", tmp_path / "short", term)
    trainable: DeepFreak = models._trainable
    configuration = {**NETWORK.configuration, **term}
    list(trainable.train(configuration, seed=0, budget=1, checkpoint=tmp_path / "long"))
    images = Data().split("real_raw", "test").images
    short, long = (trainable.load(tmp_path / n).predict_proba(images) for n in ("short", "long"))
    np.testing.assert_array_equal(short, long)
    default = trainable.load(tmp_path / "DeepFreak-0").predict_proba(images)
    assert not np.array_equal(short, default)


def test_a_kind_is_measured_and_what_fails_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    terms = ({"grey_levels": "standardised"}, {"feature_statistics": "target"})
    rows = gap.measured(replace(FOREST, terms=terms), Data(), {"store": False}, 1, range(2))
    assert [each.term for each in rows] == ["default", *map(text, terms)]
    assert all(isinstance(each, Row) and len(each.cells["real_raw"].right) == 2 for each in rows)
    assert all(each.cells["real_raw"].n == 40 for each in rows)
    printed = capsys.readouterr().out
    assert "LBP + RF, 2 seeds" in printed

    terms = ({"learning_rate": 1e30}, {"evaluation_statistics": "image"})
    kind = replace(NETWORK, terms=terms, seeded=False)
    rows = gap.measured(kind, Data(), SMALL, 1, range(2))
    assert [each.term for each in rows] == ["default", "evaluation_statistics=image"]
    printed = capsys.readouterr().out
    assert "DeepFreak, 1 seed, 1 epoch " in printed
    assert "learning_rate=1e+30: diverged: non-finite" in printed


def test_an_unknown_kind_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert gap.command(["kinds=SIFT"]) == 2
    expected = "kinds=SIFT: unknown 'SIFT'; known: DeepFreak, GLCM + SVM, LBP + RF\n"
    assert capsys.readouterr().err == expected


@pytest.mark.e2e
@pytest.mark.slow
def test_the_short_form_measures_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert gap.command(["short=true", "budget=1", "json=rows.json"]) == 0
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert len(rows) == sum(1 + len(kind.terms) for kind in KINDS)
    printed = capsys.readouterr().out
    assert all(each["term"] in printed for each in rows)
