"""Groups, keys, values and flags of `automl.run`, and the files of a tree of one's own."""

from __future__ import annotations

from wrong_input import WrongInput, written

MINE = ("--config-dir=conf", "cluster=mine")


def run(what, words, line, remedy="", **more):
    return WrongInput(what, "run", tuple(words), line, remedy, **more)


def from_file(what, content, line, remedy=""):
    return run(what, MINE, line, remedy, scene=written("conf/cluster/mine.yaml", content))


CONFIG = (
    run(
        "misspelt choice of a group",
        ["search=clasical_tpe"],
        "search=clasical_tpe: no such search; did you mean 'classical_tpe'?",
    ),
    run(
        "unknown scale",
        ["scale=papper"],
        "scale=papper: no such scale; did you mean 'paper'?",
    ),
    run(
        "unknown preset",
        ["experiment=paper_tabel4"],
        "experiment=paper_tabel4: no such experiment; did you mean 'paper_table4'?",
    ),
    run(
        "choice like none there is",
        ["tracking=wandb"],
        "tracking=wandb: no such tracking; known: none, server, sqlite",
    ),
    run("empty choice", ["space="], "space=: no such space; known: …"),
    run(
        "no choice",
        ["algorithm=null"],
        "command line: a group without a choice; write group=choice, not group=null",
    ),
    run(
        "several choices without -m",
        ["search=classical_tpe,classical_random"],
        "search=classical_tpe,classical_random: several values; add -m to run each, or write a "
        "list as search=[classical_tpe,classical_random]",
    ),
    run("misspelt group", ["serach=classical_tpe"], "serach: no such key; did you mean 'search'?"),
    run(
        "misspelt option",
        ["trainable.trails=3"],
        "trainable.trails: no such key; did you mean 'trainable.trials'?",
    ),
    run(
        "misspelt key of a section",
        ["confirmation.sedes=2"],
        "confirmation.sedes: no such key; did you mean 'confirmation.seeds'?",
    ),
    run(
        "misspelt key two sections down",
        ["cluster.trial.cpu=2"],
        "cluster.trial.cpu: no such key; did you mean 'cluster.trial.cpus'?",
    ),
    run(
        "misspelt name in the middle of a key",
        ["space.paramters.rf_trees.default=100"],
        "space.paramters.rf_trees.default: no such key; did you mean "
        "'space.parameters.rf_trees.default'?",
    ),
    run(
        "parameter that the space has not",
        ["space.parameters.learning_rate.upper=1"],
        "space.parameters.learning_rate.upper: no such key; space.parameters has …svm_gamma; "
        "space=deepfreak, space=deepfreak_extended and space=deepfreak_released have it",
    ),
    run(
        "key of another algorithm",
        ["algorithm.eta=3"],
        "algorithm.eta: no such key; algorithm has budget, name, trials; algorithm=bohb and "
        "algorithm=hyperband have it",
    ),
    run(
        "folder for data that have none",
        ["search=classical_tpe", "data.root=images"],
        "data.root: no such key; data has name, options, problem; data=diffranet has it",
        bare=True,
    ),
    run(
        "key of a choice of one's own",
        ["--config-dir=conf", "cluster.walltime=3"],
        "cluster.walltime: no such key; cluster has …; cluster=mine has it",
        scene=written("conf/cluster/mine.yaml", "defaults: [local]\nwalltime: 1\n"),
    ),
    run(
        "key added that nobody reads",
        ["+wandb=true"],
        "wandb: unknown key; known: …",
    ),
    run("key taken away", ["~seed"], "seed: missing", "leave out ~seed"),
    run("key added that is there", ["+seed=1"], "configuration: …seed…", "leave out the +"),
    run(
        "word that is no option",
        ["classical_tpe"],
        "'classical_tpe': options are written key=value; --help lists them",
    ),
    run(
        "bracket left open",
        ["select=[real_raw"],
        "select=[real_raw: cannot be read; put odd values in quotes: select=\"'…'\"",
    ),
    run(
        "reference to nothing",
        ["seed=${sead}"],
        "configuration: ${sead} refers to a key that is not there; did you mean 'seed'?",
    ),
    run(
        "environment variable that is not set",
        ["tracking.uri=${oc.env:NO_SUCH_VARIABLE}"],
        "configuration: the environment variable NO_SUCH_VARIABLE is not set; set it",
    ),
    run(
        "value that refers to itself",
        ["seed=${seed}"],
        "configuration: a value refers to itself by ${…}; write it out",
    ),
    run("value without a key", ["=3"], "'=3': options are written key=value; --help lists them"),
    run(
        "preset between two others",
        ["experiment=paper_table6"],
        "experiment=paper_table6: no such experiment; known: …",
    ),
    run(
        "section taken away that others refer to",
        ["~trainable.budget"],
        "configuration: ${trainable.budget.confirmation} refers to a key that is not there; it "
        "was taken away",
    ),
    run("text for a number", ["seed=zero"], "seed: expected a whole number, got 'zero'"),
    run("fraction for a whole number", ["seed=1.5"], "seed: expected a whole number, got 1.5"),
    run("nothing for a number", ["seed="], "seed: expected a whole number, got ''"),
    run("null for a number", ["seed=null"], "seed: expected a whole number, got None; give it …"),
    run("list for a number", ["seed=[1,2]"], "seed: expected a whole number, got [1, 2]"),
    run("negative seed", ["seed=-1"], "seed: -1 is below 0; give 0 or more"),
    run("no workers", ["workers=0"], "workers: 0 is below 1; give 1 or more"),
    run(
        "a million workers",
        ["workers=1000000"],
        "workers: 1000000 is above 10000; give 10000 or less",
    ),
    run("not a number", ["lookahead=nan"], "lookahead: nan is no finite number; give one"),
    run("infinity", ["lookahead=inf"], "lookahead: inf is no finite number; give one"),
    run(
        "a hundred thousand asks ahead",
        ["lookahead=100000"],
        "lookahead: 100000 is above 1000; 2 or 3 is usual",
    ),
    run("too small a number", ["lookahead=0.5"], "lookahead: 0.5 is below 1"),
    run(
        "limit that is not a number",
        ["failures.trial_seconds=nan"],
        "failures.trial_seconds: nan is no finite number; give one",
    ),
    run(
        "negative limit",
        ["failures.trial_seconds=-1"],
        "failures.trial_seconds: -1 is not above 0; use null for no limit",
    ),
    run(
        "misspelt word of a choice",
        ["order=planed"],
        "order: 'planed' is none of asked, planned, arrival; did you mean 'planned'?",
    ),
    run(
        "misspelt labels",
        ["labels=binry"],
        "labels: 'binry' is none of full, binary; did you mean 'binary'?",
    ),
    run("no truth value", ["preview=maybe"], "preview: expected true or false, got 'maybe'"),
    run(
        "number for a name",
        ["name=2026"],
        "name: expected text, got 2026; put it in quotes: name=\"'2026'\"",
    ),
    run("section for a value", ["seed={a:1}"], "seed: expected a whole number, got {'a': 1}"),
    run("value for a section", ["confirmation=3"], "confirmation: expected a section…"),
    run(
        "name with a slash",
        ["name=a/b"],
        "name: 'a/b' cannot be a folder's name; use letters, digits, '.', '_', '-', '='",
    ),
    run(
        "name that leaves the folder",
        ["name=../up"],
        "name: '../up' cannot be a folder's name; use letters, digits, '.', '_', '-', '='",
    ),
    run(
        "search name with a slash",
        ["search.name=a/b"],
        "search.name: 'a/b' cannot be a folder's name; use letters, digits, '.', '_', '-', '='",
    ),
    run("empty name of the problem", ["data.problem="], "data.problem: '' names nothing; …"),
    run(
        "empty name",
        ["name="],
        "name: '' cannot be a folder's name; use letters, digits, '.', '_', '-', '='",
    ),
    run(
        "no seeds to confirm with",
        ["confirmation.seeds=0"],
        "confirmation.seeds: 0 is below 1; give 1 or more",
    ),
    run(
        "budget beyond all bounds",
        ["confirmation.budget=100000000000000000000"],
        "confirmation.budget: 100000000000000000000 is above 1000000000; give 1000000000 or less",
    ),
    run(
        "smallest budget above the largest",
        ["trainable.budget.min=5", "trainable.budget.max=2"],
        "trainable.budget.min: 5 is above trainable.budget.max, 2; swap them",
    ),
    run(
        "pattern that matches nothing in a multirun",
        ["-m", "seed=glob(*)"],
        "multirun: no search is left; write values out, not glob(…), and …",
    ),
    run(
        "wrong value in one search of several",
        ["-m", "seed=0,-1"],
        "seed: -1 is below 0; give 0 or more (in the search with seed=-1)",
    ),
    run(
        "misspelt data set",
        ["data.name=difranet"],
        "data.name: no dataset is registered as 'difranet'; did you mean 'diffranet'? "
        "(or name it as package.module:Class)",
    ),
    run(
        "class that is no data set",
        ["data.name=pathlib:Path"],
        "data.name: 'pathlib:Path' has no check, selectable, prepare; docs/your_own.md lists what "
        "it needs",
    ),
    run(
        "class that is no trainable",
        ["trainable.name=pathlib:Path"],
        "trainable.name: 'pathlib:Path' has no check, train, load, resumable; docs/your_own.md "
        "lists what it needs",
    ),
    run(
        "misspelt class",
        ["trainable.name=pathlib:Pth"],
        "trainable.name: 'pathlib' has no 'Pth'; did you mean 'Path'?",
    ),
    run(
        "trainable of a package that is not there",
        ["trainable.name=mine.model:Net"],
        "trainable.name: 'mine.model:Net' cannot be imported: No module named 'mine'",
        "install the package, or run in its folder",
    ),
    run(
        "option that a trainable has not",
        ["+trainable.options.bakend=intelex"],
        "trainable: classical: unknown option 'bakend'; did you mean 'backend'?",
    ),
    run(
        "option with another value",
        ["trainable.options.backend=skleran"],
        "trainable: classical: backend must be sklearn or intelex, not 'skleran'",
    ),
    run("unknown flag", ["--previw"], "--previw: no such option; …"),
    run(
        "misspelt flag",
        ["--multirum", "seed=0,1"],
        "--multirum: no such option; did you mean '--multirun'?",
    ),
    run(
        "tree of one's own that is not there",
        ["--config-dir=nowhere"],
        "--config-dir: there is no folder nowhere; name yours",
    ),
    run(
        "tree of one's own without a name",
        ["--config-dir="],
        "--config-dir: names no folder; name yours",
    ),
    run(
        "class without a module",
        ["data.name=:Data"],
        "data.name: ':Data' names no class; write it as package.module:Class",
    ),
    run(
        "other configuration that is not there",
        ["--config-name=confg"],
        "--config-name: no configuration 'confg'…",
        "leave the flag out",
    ),
    run(
        "flag that needs another",
        ["--resolve"],
        "command line: The --resolve flag can only be used…",
        "add --cfg job",
    ),
    from_file(
        "tab in a file",
        "address: local\n\tcpus: 1\n",
        "…/conf/cluster/mine.yaml:2: found character '\\t' that cannot start any token; "
        "indent with spaces",
    ),
    from_file(
        "key twice in a file",
        "address: local\ncpus: 1\ncpus: 2\n",
        "…/conf/cluster/mine.yaml:3: found duplicate key cpus; keep one of them",
    ),
    from_file(
        "Python object in a file",
        "address: !!python/object/apply:os.getcwd []\n",
        "…/conf/cluster/mine.yaml:1: could not determine a constructor for the tag "
        "'tag:yaml.org,2002:python/object/apply:os.getcwd'; write plain values, without tags",
    ),
    from_file(
        "list for a mapping in a file",
        "- local\n- 2\n",
        "cluster: expected a section with keys, got ['local', 2]",
    ),
    from_file(
        "value that contains itself in a file",
        "address: &a [*a]\n",
        "configuration: a value contains itself; write it out",
    ),
    from_file(
        "defaults that are no list in a file",
        "defaults: 3\naddress: local\n",
        "configuration: Invalid defaults list in 'cluster/mine', defaults must be a list (got …); "
        "mend the file",
    ),
    from_file("file that is no text", b"\xff\xfe\x00name", "configuration: …", "save it as UTF-8"),
    from_file(
        "path object in a file",
        "address: !!python/object/apply:pathlib.PosixPath [a]\n",
        "cluster.address: a value of type PosixPath cannot be kept; write a number, text, true, "
        "false or null",
    ),
)
