"""Spaces and the settings of algorithms."""

from __future__ import annotations

from wrong_config import run
from wrong_input import written

HEAD = "name: mine\nsource: mine\nparameters:\n"


def space(what, parameters, line, remedy="", words=()):
    lines = "".join(f"  {parameter}\n" for parameter in parameters)
    words = ("--config-dir=conf", "space=mine", *words)
    return run(what, words, line, remedy, scene=written("conf/space/mine.yaml", HEAD + lines))


X = "x: {type: float, lower: 0.0, upper: 1.0, default: 0.5}"

SPACES = (
    run(
        "misspelt space",
        ["space=clasical"],
        "space=clasical: no such space; did you mean 'classical'?",
    ),
    run(
        "space of another trainable",
        ["space=deepfreak"],
        "trainable: classical: unknown parameter …",
        "choose the trainable that goes with it",
    ),
    run(
        "misspelt value in space.only",
        ["space.only.extractor=lpb"],
        'space: only.extractor: "lpb" is not one of "glcm", "lbp", "sift"; did you mean "lbp"?',
    ),
    run(
        "misspelt parameter in space.only",
        ["space.only.extracter=lbp"],
        "space: only.extracter: no such parameter; did you mean 'extractor'?",
    ),
    run(
        "misspelt parameter added to space.only",
        ["+space.only.lbp_radus=[1]"],
        "space: only.lbp_radus: no such parameter; did you mean 'lbp_radius'?",
    ),
    run(
        "nothing kept of a parameter",
        ["space.only.extractor=[]"],
        "space: only.extractor: is empty; give the value or values to keep, or null for all",
    ),
    space(
        "parameter without choices",
        ["kind: {type: categorical, choices: [], default: a}"],
        "space: parameters.kind.choices: is empty; give at least one value",
    ),
    space(
        "bounds the wrong way round",
        ["x: {type: float, lower: 2.0, upper: 1.0, default: 1.5}"],
        "space: parameters.x.lower: 2.0 is not below upper (1.0); swap or widen the bounds",
    ),
    space(
        "logarithm of 0",
        ["x: {type: float, lower: 0.0, upper: 1.0, default: 0.5, log: true}"],
        "space: parameters.x.lower: 0.0 has no logarithm; give a positive bound or log: false",
    ),
    space(
        "default out of bounds",
        ["x: {type: float, lower: 0.0, upper: 1.0, default: 5.0}"],
        "space: parameters.x.default: …",
        "choose it within the bounds",
    ),
    space(
        "no default",
        ["x: {type: float, lower: 0.0, upper: 1.0}"],
        "space: parameters.x: 'default' is missing; add it",
    ),
    space(
        "misspelt type",
        ["x: {type: flaot, lower: 0.0, upper: 1.0, default: 0.5}"],
        "space: parameters.x.type: 'flaot' is not a type; did you mean 'float'?",
    ),
    space(
        "text for a bound",
        ["x: {type: float, lower: low, upper: 1.0, default: 0.5}"],
        "space: parameters.x.lower: 'low' is not a number; …",
    ),
    space(
        "bound that is not a number",
        ["x: {type: float, lower: .nan, upper: 1.0, default: 0.5}"],
        "space.parameters.x.lower: nan is no finite number; give one",
    ),
    space(
        "choice twice",
        ["kind: {type: categorical, choices: [a, b, a], default: a}"],
        'space: parameters.kind.choices: "a" occurs more than once; list every value once',
    ),
    space(
        "unknown parent",
        [X, "kind: {type: categorical, choices: [a, b], default: a, when: {modle: rf}}"],
        "space: parameters.kind.when.modle: no such parameter; …",
    ),
    space(
        "value that the parent never has",
        [
            "model: {type: categorical, choices: [rf, svm], default: rf}",
            "kind: {type: categorical, choices: [a, b], default: a, when: {model: rff}}",
        ],
        'space: parameters.kind.when.model: "rff" is not one of "rf", "svm"; did you mean "rf"?',
    ),
    space(
        "conditions that exclude each other",
        [
            "a: {type: categorical, choices: [1, 2], default: 1}",
            "b: {type: categorical, choices: [1, 2], default: 1, when: {a: 1}}",
            "c: {type: categorical, choices: [1, 2], default: 1, when: {a: 2, b: 1}}",
        ],
        "space: parameters.c.when: can never hold, its conditions exclude each other on 'a'; "
        "relax one of them",
    ),
    space(
        "parameter of a foreign alphabet",
        ["größe: {type: float, lower: 0.0, upper: 1.0, default: 0.5}"],
        "space: parameters.größe: not a usable name; use letters, digits and underscores, no "
        "leading digit",
    ),
    space(
        "mapping among the choices",
        ["kind: {type: categorical, choices: [{a: 1}, b], default: b}"],
        "space: parameters.kind.choices: dict is not null, a boolean, number, string or list; …",
    ),
    space(
        "number that no float holds",
        [f"n: {{type: integer, lower: 1, upper: 1{'0' * 20}, default: 1}}"],
        "space: parameters.n.upper: 1… is beyond 9007199254740992; use type: float",
    ),
    space(
        "subset of too many",
        [f"s: {{type: subset, of: {list(range(12))}, default: [1]}}"],
        "space: parameters.s.of: 12 items make 4095 combinations; give at most 10",
    ),
    space(
        "conditions in a circle",
        [
            "a: {type: categorical, choices: [1, 2], default: 1, when: {b: 1}}",
            "b: {type: categorical, choices: [1, 2], default: 1, when: {a: 1}}",
        ],
        "space: parameters: the conditions of a, b run in a circle; drop one of their 'when'",
    ),
    space(
        "parameter that the trainable does not know",
        [X],
        "trainable: classical: unknown parameter 'x'; …",
        "name it as the trainable does",
    ),
    run(
        "misspelt algorithm",
        ["algorithm=bhob"],
        "algorithm=bhob: no such algorithm; did you mean 'bohb'?",
    ),
    run(
        "setting that the algorithm has not",
        ["+algorithm.etta=3", "algorithm=hyperband"],
        "algorithm: algorithm hyperband has no setting 'etta': did you mean 'eta'?",
    ),
    run(
        "more trials than can be",
        ["trainable.trials=100000000000"],
        "trainable.trials: 100000000000 is above 1000000; give 1000000 or less",
    ),
    run(
        "no trials",
        ["trainable.trials=0"],
        "algorithm: algorithm random: trials=0: must be a whole number of at least 1",
    ),
    run(
        "eta of 1",
        ["algorithm=hyperband", "algorithm.eta=1"],
        "algorithm: algorithm hyperband: eta=1: must be greater than 1",
    ),
    run(
        "negative budget",
        ["algorithm=hyperband", "algorithm.min_budget=-1"],
        "algorithm: algorithm hyperband: min_budget=-1: must be greater than 0",
    ),
    run(
        "largest budget below the smallest",
        ["algorithm=hyperband", "algorithm.min_budget=9"],
        "algorithm: algorithm hyperband: min_budget=9 is greater than max_budget=1: swap them",
    ),
    run(
        "budget that no float holds",
        ["algorithm=hyperband", f"algorithm.max_budget=1{'0' * 320}"],
        "algorithm: algorithm hyperband: max_budget=1…: must be a finite number",
    ),
    run(
        "a thousand million brackets",
        ["algorithm=hyperband", "algorithm.iterations=1000000000"],
        "algorithm: algorithm hyperband: iterations=1000000000: must be at most 100000",
    ),
    run(
        "negative share",
        ["algorithm=tpe", "algorithm.gamma=-1"],
        "algorithm: algorithm tpe: gamma=-1: must be greater than 0",
    ),
)
