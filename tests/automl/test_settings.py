from __future__ import annotations

import pytest

from automl.compose import compose_plain, conf_dir, explain
from automl.errors import UserError
from automl.planning import check, plan_summary
from automl.settings import digest, identity, parse_settings, run_name

CONF = conf_dir()


def choices(group):
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


def change(config, key, value):
    *parents, leaf = key.split(".")
    section = config
    for parent in parents:
        section = section[parent]
    section[leaf] = value
    return config


@pytest.mark.parametrize("scale", choices("scale"))
@pytest.mark.parametrize("search", choices("search"))
def test_every_search_composes_at_every_scale(search, scale):
    checked = check(parse_settings(compose_plain([f"search={search}", f"scale={scale}"])))
    assert checked.settings.search.name == search
    assert plan_summary(checked)["trials"] > 0


@pytest.mark.parametrize("experiment", choices("experiment"))
def test_every_experiment_composes(experiment):
    settings = parse_settings(compose_plain([f"experiment={experiment}"]))
    assert settings.scale["name"] == "paper"
    check(settings)


@pytest.mark.parametrize("space", choices("space"))
def test_every_space_fits_its_trainable(space):
    trainable = space.partition("_")[0]
    check(parse_settings(compose_plain([f"space={space}", f"trainable={trainable}"])))


@pytest.mark.parametrize(
    ("group", "extra"),
    [
        ("data", ["data.root=somewhere"]),
        ("cluster", []),
        ("tracking", ["tracking.uri=http://127.0.0.1:9"]),
        ("algorithm", []),
        ("trainable", []),
    ],
)
def test_every_choice_of_a_group_parses(group, extra):
    for choice in choices(group):
        needed = extra if choice in ("diffranet", "server") else []
        parse_settings(compose_plain([f"{group}={choice}", *needed]))


def test_the_paper_s_search_is_the_paper_s():
    checked = check(parse_settings(compose_plain(["search=deepfreak_bohb", "scale=paper"])))
    plan = plan_summary(checked)
    assert (plan["configurations"], plan["trials"], plan["budget"]) == (184, 260, 2836)
    assert plan["budget_continued"] == 2424
    classical = parse_settings(compose_plain(["search=classical_tpe", "scale=paper"]))
    assert plan_summary(check(classical))["trials"] == 150


@pytest.mark.parametrize(
    ("words", "trials"),
    [
        ([], 10_560),
        (["algorithm.trials=200"], 200),
        (["space.only.extractor=glcm", "space.only.classifier=rf", "algorithm.trials=50"], 50),
        (["space.only.extractor=null", "space.only.classifier=null"], 528_120),
        (["space=classical_released"], 7_920),
    ],
)
def test_a_grid_is_whole_unless_trials_are_given(words, trials):
    checked = check(parse_settings(compose_plain(["search=classical_grid", *words])))
    assert plan_summary(checked)["trials"] == trials


@pytest.mark.parametrize("search", ["classical_tpe", "classical_random"])
def test_every_classical_search_takes_a_restricted_space(search):
    words = [f"search={search}", "space.only.extractor=lbp", "space.only.classifier=svm"]
    checked = check(parse_settings(compose_plain(words)))
    assert checked.space.cardinality == 10_560
    assert plan_summary(checked)["trials"] == 40


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("seed", "x", "seed: expected a whole number, got 'x'"),
        ("seed", -1, "seed: -1 is below 0"),
        ("seed", True, "seed: expected a whole number"),
        ("workers", 0, "workers: 0 is below 1"),
        ("order", "ask", "order: 'ask' is none of asked, planned, arrival"),
        ("name", "../up", "name: '../up' cannot be a folder's name"),
        ("cluster.trial.cpus", 0, "cluster.trial.cpus: 0 is not above 0"),
        ("cluster.trial.gpus", 1.5, "cluster.trial.gpus: 1.5 is no request that Ray can meet"),
        ("cluster.trial", 3, "cluster.trial: expected a section"),
        ("confirmation.seeds", 0, "confirmation.seeds: 0 is below 1"),
        ("confirmation.sedes", 1, "confirmation.sedes: unknown key; did you mean 'seeds'?"),
        ("tracking.name", "wandb", "tracking.name: 'wandb' is none of mlflow, none"),
        ("failures.retries", -1, "failures.retries: -1 is below 0"),
    ],
)
def test_wrong_values_are_refused_by_key(key, value, words):
    with pytest.raises(UserError) as refusal:
        parse_settings(change(compose_plain(), key, value))
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("data.name", "diffranett", "data.name: no dataset is registered as 'diffranett'; did you"),
        ("trainable.name", "no.such:Class", "trainable.name: 'no.such:Class' cannot be imported"),
        ("trainable.name", "automl.run:Nothing", "'automl.run' has no 'Nothing'"),
        ("trainable.options.widht", 1, "did you mean 'width'"),
        ("algorithm.eta", 1, "eta"),
        ("algorithm.min_budget", 20, "min_budget"),
        ("algorithm.name", "bob", "did you mean"),
        ("algorithm", {"name": "grid"}, "continuum of learning_rate, momentum, weight_decay"),
        ("space.parameters.momentum.lower", 2, "momentum"),
        ("space.only", {"topolgy": 1}, "only.topolgy: no such parameter; did you mean 'topology'?"),
        ("data.options.image_size", 1, "image_size"),
        ("tracking.uri", "file:///tmp/x", "file stores"),
    ],
)
def test_parts_that_do_not_fit_are_refused_before_anything_is_made(key, value, words, tmp_path):
    config = change(compose_plain(), key, value)
    config["paths"] = {"runs": str(tmp_path / "runs"), "cache": str(tmp_path / "cache")}
    with pytest.raises(UserError) as refusal:
        check(parse_settings(config))
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert not list(tmp_path.iterdir())


def test_identity_leaves_out_where_and_how_it_runs():
    one, other = compose_plain(), compose_plain()
    change(other, "cluster.cpus", 1)
    change(other, "tracking.uri", None)
    change(other, "paths.runs", "elsewhere")
    assert digest(one) == digest(other)
    assert digest(change(other, "search.group", "night")) == digest(one)
    assert digest(change(other, "seed", 1)) != digest(one)
    assert "cluster.address" not in identity(one)
    assert run_name(parse_settings(one), one).startswith("deepfreak_bohb-demo-seed0-")


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["search=deepfreak"], "search=deepfreak: no such search; known: classical_grid, "),
        (["serach=classical_tpe"], "serach: no such key; did you mean 'search'?"),
        (["algorithm.etta=3"], "algorithm.etta: no such key; did you mean 'algorithm.eta'?"),
        (["trainable.widht=1"], "did you mean 'trainable.options.width'?"),
        (["data=diffranet"], "data.root: missing; give data.root=… on the command line"),
    ],
)
def test_hydra_s_complaints_take_one_line(overrides, words):
    with pytest.raises(Exception) as raised:
        compose_plain(overrides)
    error = raised.value
    text = str(error if isinstance(error, UserError) else explain(error))
    assert words in text
    assert "\n" not in text
