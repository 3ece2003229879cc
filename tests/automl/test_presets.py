"""Presets of the paper's tables and figures, and what `labels` makes of a search's identity."""

from __future__ import annotations

import copy
import hashlib
import json
from itertools import product

import pytest

from automl.compose import compose_plain, conf_dir
from automl.errors import UserError
from automl.planning import check, plan_summary
from automl.search import check_identity
from automl.settings import digest, identity, parse_settings, run_name

CONF = conf_dir()
EXPERIMENTS = sorted(path.stem for path in (CONF / "experiment").glob("*.yaml"))
SCALES = sorted(path.stem for path in (CONF / "scale").glob("*.yaml"))


def checked(*words):
    return check(parse_settings(compose_plain([*words, "tracking=none"])))


@pytest.mark.parametrize(("experiment", "scale"), list(product(EXPERIMENTS, SCALES)))
def test_a_scale_may_follow_every_preset(experiment, scale):
    found = checked(f"experiment={experiment}", f"scale={scale}")
    settings = found.settings
    assert settings.scale["name"] == scale
    assert settings.data.options["image_size"] == settings.scale["images"]["size"]
    plain = checked(f"search={settings.search.name}", f"scale={scale}")
    assert plan_summary(found)["brackets"] == plan_summary(plain)["brackets"]
    assert settings.confirmation.budget == plain.settings.confirmation.budget


@pytest.mark.parametrize(
    ("experiment", "confirmation"), [("paper_figure3", (3, 5, 180)), ("paper_figure4", (1, 1, 180))]
)
def test_the_figures_have_the_paper_s_runs(experiment, confirmation):
    found = checked(f"experiment={experiment}").settings.confirmation
    assert (found.configurations, found.seeds, found.budget) == confirmation


@pytest.mark.parametrize("extractor", ["glcm", "lbp", "sift"])
def test_table_4_has_a_search_for_each_extractor(extractor):
    found = checked("experiment=paper_table4", f"space.only.extractor={extractor}")
    assert (found.settings.search.name, found.settings.select) == ("classical_tpe", "synthetic")
    assert plan_summary(found)["trials"] == 150


def test_the_searches_of_a_programme_have_names_of_their_own():
    searches, domains = ("classical_tpe", "deepfreak_bohb"), ("synthetic", "real_raw")
    names = set()
    for search, select, labels in product(searches, domains, ("full", "binary")):
        config = compose_plain([f"search={search}", f"select={select}", f"labels={labels}"])
        names.add(run_name(parse_settings(config), config))
    assert len(names) == 8


def as_before(config):
    """The configuration, and its digest, as a version without these keys wrote them."""
    old = copy.deepcopy(config)
    del old["labels"], old["objective"]
    later = ("labels", "objective.name")
    same = {key: value for key, value in identity(old).items() if key not in later}
    text = json.dumps(same, sort_keys=True, separators=(",", ":"))
    return old, hashlib.sha256(text.encode()).hexdigest()


def test_a_search_from_before_labels_is_one_with_full_labels(tmp_path):
    config = compose_plain()
    old, old_digest = as_before(config)
    assert digest(config) == digest(old) == old_digest
    assert identity(old)["labels"] == "full"
    assert parse_settings(old) == parse_settings(config)
    plan = {"event": "plan", "config": old, "config_digest": old_digest}
    (tmp_path / "ledger.jsonl").write_text(json.dumps(plan) + "\n")
    check_identity(tmp_path, "old", config)
    with pytest.raises(UserError, match=r"labels \(was 'full'\) differ"):
        check_identity(tmp_path, "old", {**config, "labels": "binary"})


@pytest.mark.parametrize(
    ("labels", "words"),
    [("two", "labels: 'two' is none of full, binary"), (None, "labels: None is none of full")],
)
def test_other_labels_are_refused(labels, words):
    with pytest.raises(UserError) as refusal:
        parse_settings({**compose_plain(), "labels": labels})
    assert words in str(refusal.value)


def test_data_without_two_classes_are_refused_before_anything_is_made():
    config = compose_plain(["labels=binary", "tracking=none"])
    config["data"] |= {"name": "stub_plugins:StubData", "options": {}}
    with pytest.raises(UserError) as refusal:
        check(parse_settings(config))
    assert str(refusal.value) == (
        "labels: the data have no two-class view 'diffraction'; use labels=full"
    )
