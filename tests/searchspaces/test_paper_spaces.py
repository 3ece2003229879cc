"""The shipped spaces against Tables 8-10 of the paper and against the authors' released code."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from searchspaces import (
    Float,
    Space,
    from_configspace,
    parse_space,
    to_configspace,
    to_hpbandster,
    to_hyperopt,
)

CONF = Path(__file__).parents[2] / "conf"
SPACES = sorted(path.stem for path in (CONF / "space").glob("*.yaml"))


def load(name: str, only: dict[str, Any] | None = None) -> Space:
    path = CONF / "space" / f"{name}.yaml"
    declared = yaml.safe_load(path.read_text())
    return parse_space(declared | {"only": only} if only else declared, path.name)


@pytest.mark.parametrize("name", SPACES)
def test_shipped_spaces_say_where_they_are_from(name: str) -> None:
    assert load(name).source.strip()


WEIGHTS = [
    None,
    "balanced",
    [0.35, 0.35, 0.1, 0.1, 0.1],
    [0.3, 0.3, 0.133, 0.133, 0.133],
    [0.25, 0.25, 0.166, 0.166, 0.166],
]
# Name: type, values, default, condition.
TABLE_8: dict[str, tuple[str, list[Any], Any, dict[str, Any]]] = {
    "extractor": ("Categorical", ["glcm", "lbp", "sift"], "glcm", {}),
    "classifier": ("Categorical", ["rf", "svm"], "rf", {}),
    "glcm_distances": ("Subset", [1, 2, 4, 5, 8], [5], {"extractor": "glcm"}),
    "glcm_angles": ("Subset", [0, 45, 90, 135], [0], {"extractor": "glcm"}),
    "lbp_points": ("Ordinal", [4, 8, 16, 24], 24, {"extractor": "lbp"}),
    "lbp_radius": ("Ordinal", [0, 1, 2, 3], 3, {"extractor": "lbp"}),
    "sift_clusters": (
        "Ordinal",
        [10, 25, 50, 100, 250, 500, 1000, 5000],
        100,
        {"extractor": "sift"},
    ),
    "rf_trees": ("Ordinal", [10, 100, 1000], 10, {"classifier": "rf"}),
    "rf_max_features": ("Ordinal", ["sqrt", 0.25, 0.5, 0.75], "sqrt", {"classifier": "rf"}),
    "rf_max_depth": ("Ordinal", [None, 2, 4, 6, 8, 10, 20], None, {"classifier": "rf"}),
    "rf_class_weight": ("Categorical", WEIGHTS, None, {"classifier": "rf"}),
    "svm_c": (
        "Ordinal",
        [2**-5, 2**-3, 2**-1, 1, *(2**x for x in range(1, 16, 2))],
        1,
        {"classifier": "svm"},
    ),
    "svm_gamma": (
        "Ordinal",
        [0, *(2.0**x for x in range(-15, 0, 2)), 2, 8],
        0,
        {"classifier": "svm"},
    ),
    "svm_class_weight": ("Categorical", WEIGHTS, None, {"classifier": "svm"}),
}


def table(space: Space) -> dict[str, tuple[str, list[Any], Any, dict[str, Any]]]:
    def thaw(value: Any) -> Any:
        return list(value) if isinstance(value, tuple) else value

    return {
        p.name: (
            type(p).__name__,
            [thaw(value) for value in p.choices],
            thaw(p.default),
            {c.parent: c.values[0] for c in p.conditions},
        )
        for p in space.parameters
    }


def test_classical_is_table_8() -> None:
    space = load("classical")
    assert table(space) == TABLE_8
    # (distances * angles + points * radii + clusters) * (forests + machines)
    assert space.cardinality == (31 * 15 + 4 * 4 + 8) * (3 * 4 * 7 * 5 + 12 * 11 * 5)


def test_classical_released_differs_in_radius_and_order_alone() -> None:
    expected = {
        name: ("Categorical" if kind == "Ordinal" else kind, values, default, when)
        for name, (kind, values, default, when) in TABLE_8.items()
    }
    expected["classifier"] = ("Categorical", ["svm", "rf"], "rf", {})
    expected["lbp_radius"] = ("Categorical", [1, 2, 3], 3, {"extractor": "lbp"})
    assert table(load("classical_released")) == expected


@pytest.mark.parametrize(
    ("name", "extractor", "forests", "machines"),
    [
        ("classical", "glcm", 195_300, 306_900),
        ("classical", "lbp", 6_720, 10_560),
        ("classical", "sift", 3_360, 5_280),
        ("classical_released", "lbp", 5_040, 7_920),
    ],
)
def test_the_grids_are_as_large_as_the_search_says(
    name: str, extractor: str, forests: int, machines: int
) -> None:
    for classifier, size in (("rf", forests), ("svm", machines)):
        space = load(name, {"extractor": extractor, "classifier": classifier})
        assert space.cardinality == size
        assert f"{size:,}" in (CONF / "search" / "classical_grid.yaml").read_text()


def test_a_pair_s_space_is_that_of_its_own_parameters() -> None:
    space = load("classical", {"extractor": "lbp", "classifier": ["svm"]})
    whole = load("classical")
    assert space.names == (
        *("extractor", "classifier", "lbp_points", "lbp_radius"),
        *("svm_c", "svm_gamma", "svm_class_weight"),
    )
    assert space.published == whole.published
    assert all(space[name] == whole[name] for name in space.names[2:])
    assert set(to_hyperopt(space)) == set(space.names)
    for compile_ in (to_configspace, to_hpbandster):
        default = compile_(space, seed=0).get_default_configuration()
        assert from_configspace(space, default) == space.default_configuration()


@pytest.mark.parametrize(
    ("name", "topology", "highest_rate", "batches"),
    [
        ("deepfreak", 3, 10, [4, 8, 16, 32, 64]),
        ("deepfreak_released", 8, 1, [1, 2, 4, 8, 16]),
    ],
)
def test_deepfreak_is_table_10_or_the_released_code(
    name: str, topology: int, highest_rate: float, batches: list[int]
) -> None:
    space = load(name)
    assert space.names == (
        "topology",
        "learning_rate",
        "momentum",
        "weight_decay",
        "batch_size",
    )
    assert space["learning_rate"] == Float("learning_rate", 0.1, (), 1e-4, highest_rate, True)
    assert space["momentum"] == Float("momentum", 0.9, (), 0.5, 1, False)
    assert space["weight_decay"] == Float("weight_decay", 1e-5, (), 1e-5, 5e-5, False)
    finite = {
        n: (type(space[n]).__name__, list(space.parent(n).choices))
        for n in ("topology", "batch_size")
    }
    assert finite == {
        "topology": ("Categorical", list(range(1, 14))),
        "batch_size": ("Categorical", batches),
    }
    assert space.default_configuration() == {
        "topology": topology,
        "learning_rate": 0.1,
        "momentum": 0.9,
        "weight_decay": 1e-5,
        "batch_size": 8,
    }


EXTENSIONS: dict[str, tuple[Any, Any]] = {
    "normalisation": (["batch", "group"], "batch"),
    "evaluation_statistics": (["running", "image", "target"], "running"),
    "rate_schedule": (["steps", "one_cycle"], "steps"),
    "label_smoothing": ((0, 0.2), 0),
    "loss": (["cross_entropy", "ordinal"], "cross_entropy"),
    "symmetries": (["none", "dihedral"], "none"),
    "intensity_range": ((0, 1.2), 0),
    "grey_levels": (["none", "standardised", "equalised", "local_contrast"], "none"),
    "test_time_augmentation": (["none", "symmetries"], "none"),
}


def test_deepfreak_extended_is_table_10_and_nine_parameters_more() -> None:
    space, paper = load("deepfreak_extended"), load("deepfreak")
    assert space.names == (*paper.names, *EXTENSIONS)
    for name in ("topology", "learning_rate", "momentum", "weight_decay"):
        assert space[name] == paper[name]
    batches = set(paper.parent("batch_size").choices)
    batches |= set(load("deepfreak_released").parent("batch_size").choices)
    assert list(space.parent("batch_size").choices) == sorted(batches)
    for name, (values, default) in EXTENSIONS.items():
        parameter = space[name]
        found = (
            (parameter.lower, parameter.upper)
            if isinstance(parameter, Float)
            else list(space.parent(name).choices)
        )
        assert (found, parameter.default) == (values, default)
    extras = {name: default for name, (_, default) in EXTENSIONS.items()}
    assert space.default_configuration() == paper.default_configuration() | extras


def test_deepfreak_extended_asks_for_statistics_of_batch_normalisation_alone() -> None:
    space = load("deepfreak_extended", {"normalisation": "group"})
    assert "evaluation_statistics" not in space.names
    assert {p.name for p in load("deepfreak_extended").parameters if p.conditions} == {
        "evaluation_statistics"
    }


def test_the_paper_s_winners_are_points_of_deepfreak_extended() -> None:
    space = load("deepfreak_extended")
    assert len(space.published) == 5
    for one, printed in zip(space.published, load("deepfreak").published, strict=True):
        assert one.source == printed.source
        assert one.values[:5] == printed.values
        space.validate(dict(one.values))


# Best configurations of the paper: Table 3 (RF, SVM), Tables 14 and 16 (LBP; 16 has points and
# radius in each other's place), Table 2, and A-C of Table 11.
BEST = [
    (
        "classical",
        {
            "extractor": "glcm",
            "classifier": "rf",
            "glcm_distances": [1, 2, 5, 8],
            "glcm_angles": [45, 135],
            "rf_trees": 100,
            "rf_max_features": "sqrt",
            "rf_max_depth": 20,
            "rf_class_weight": None,
        },
    ),
    (
        "classical",
        {
            "extractor": "glcm",
            "classifier": "svm",
            "glcm_distances": [1, 5, 8],
            "glcm_angles": [0, 90, 135],
            "svm_c": 32,
            "svm_gamma": 0.5,
            "svm_class_weight": [0.25, 0.25, 0.166, 0.166, 0.166],
        },
    ),
    (
        "classical_released",
        {
            "extractor": "lbp",
            "classifier": "svm",
            "lbp_points": 24,
            "lbp_radius": 1,
            "svm_c": 2**15,
            "svm_gamma": 2**-7,
            "svm_class_weight": None,
        },
    ),
    (
        "deepfreak_released",
        {
            "topology": 8,
            "learning_rate": 8.4474e-4,
            "momentum": 0.56168,
            "weight_decay": 3.4855e-5,
            "batch_size": 1,
        },
    ),
    (
        "deepfreak_released",
        {
            "topology": 1,
            "learning_rate": 5.9409e-3,
            "momentum": 0.70739,
            "weight_decay": 3.0193e-5,
            "batch_size": 2,
        },
    ),
]


@pytest.mark.parametrize(("name", "configuration"), BEST)
def test_the_papers_best_configurations_are_in_their_spaces(
    name: str, configuration: dict[str, Any]
) -> None:
    assert load(name).canonical(configuration) == configuration


@pytest.mark.parametrize("name", SPACES)
def test_each_file_is_a_hydra_option_that_compiles(name: str) -> None:
    with initialize_config_dir(str(CONF.resolve()), version_base="1.3"):
        composed = compose(overrides=[f"+space={name}"])
    space = parse_space(OmegaConf.to_container(composed.space, resolve=True), name)
    assert space == load(name)
    assert space.name == name
    for compile_ in (to_configspace, to_hpbandster):
        default = compile_(space, seed=0).get_default_configuration()
        assert from_configspace(space, default) == space.default_configuration()
    assert set(to_hyperopt(space)) == set(space.names)


def test_the_spaces_are_there() -> None:
    assert SPACES == [
        "classical",
        "classical_extended",
        "classical_released",
        "deepfreak",
        "deepfreak_extended",
        "deepfreak_released",
    ]
