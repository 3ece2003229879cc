"""The command: ``python -m diffranet.simulate out=FOLDER [option=value ...]``."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from diffranet.errors import DataError, UnfinishedError
from diffranet.options import did_you_mean, flatten, integer, mapping, refuse_unknown, sequence

OK, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
SIMULATED = "diffranet_simulated"
DOMAINS = ("synthetic", "real")
FLAGS = ("--help", "-h", "--cfg", "-c", "--resolve")
HELP = """\
Makes a data set of simulated diffraction images in DiffraNet's published layout.

  python -m diffranet.simulate out=images                  a small set, as scale=demo searches on
  python -m diffranet.simulate out=images scale=paper      512 x 512, 25,000 synthetic images
  python -m diffranet.simulate out=images size=128 train=400 domains=synthetic engine=continuous
  python -m diffranet.simulate out=images data.options.crystal.structure_factors=model.cif

The real-like images (real_raw, real_preprocessed) are a parametrised surrogate, not DiffraNet's
real images. A run that was stopped goes on with the same command.

== Groups: choose with group=option ==
{groups}

== Keys with their defaults at scale=demo ==
{keys}

python -m diffranet.simulate --cfg job [--resolve]         prints the composed configuration
python -m diffranet.gallery FOLDER                         contact sheets of what was made
python -m diffranet.verify FOLDER                          checks hashes, renders a sample again"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns:
        0; 2 for bad input, with nothing created; 1 for a run that cannot go on; 130 after Ctrl-C.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run(words)
    except UnfinishedError as error:
        return _say(str(error), FAILED)
    except DataError as error:
        return _say(str(error), BAD_INPUT)
    except KeyboardInterrupt:
        return _say("stopped; the same command goes on where it stopped", INTERRUPTED)


def _run(words: Sequence[str]) -> int:
    flags, overrides = _flags(words)
    from diffranet.composition import compose_config, plain, spelt

    if flags & {"--help", "-h"}:
        print(_help())
        return OK
    config = compose_config(overrides)
    if "--cfg" in flags:
        print(spelt(config, resolve="--resolve" in flags), end="")
        return OK
    if config.data.get("name") != SIMULATED:
        raise DataError(f"data={config.data.get('name')}: is not simulated; choose data=demo")
    values = plain(config)
    out, workers, options = _checked(values, overrides)
    # The simulator takes a second to import; a typing error need not wait for it.
    from diffranet.progress import Display
    from diffranet.simulator.parameters import from_options
    from diffranet.simulator.writer import write_dataset

    parameters = from_options(options)
    start = time.monotonic()
    with Display() as display:
        written = write_dataset(out, parameters, workers=workers, progress=display, wait=False)
    seconds = time.monotonic() - start
    if written.fresh:
        rate = f"{written.fresh} made in {seconds:.1f} s, {written.fresh / seconds:.1f} images/s"
    else:
        rate = "complete already"
    print(f"{out}: {written.images} images, {rate}")
    return OK


def _flags(words: Sequence[str]) -> tuple[set[str], list[str]]:
    """Split the command line into flags and overrides."""
    flags: set[str] = set()
    overrides: list[str] = []
    rest = iter(words)
    for word in rest:
        if not word.startswith("-"):
            overrides.append(word)
            continue
        name, _, value = word.partition("=")
        if name not in FLAGS:
            raise DataError(f"{word}: no such flag; {did_you_mean(name, FLAGS)}")
        if name in ("--cfg", "-c"):
            name, value = "--cfg", value or next(rest, "")
            if value != "job":
                raise DataError(f"--cfg {value}: only 'job' can be printed")
        flags.add(name)
    given = [key for key, equals, _ in (word.partition("=") for word in overrides) if equals]
    for key in given:
        if given.count(key) > 1:
            raise DataError(f"{key}: given twice")
    return flags, overrides


def _checked(
    values: Mapping[str, object], overrides: Sequence[str]
) -> tuple[Path, int, dict[str, object]]:
    """Folder, processes and data options of what was composed with some overrides."""
    given = {word.partition("=")[0] for word in overrides}
    known = ("scale", "data", "out", "seed", "engine", "workers", "balance", "domains")
    sizes = ("size", "extent", "mosaic_domains", "train", "validation", "test")
    refuse_unknown(values, (*known, *sizes, "real_validation", "real_test"), "configuration")
    out = values["out"]
    if not isinstance(out, str | int) or not str(out).strip():
        raise DataError(f"out must name the folder to be made, got {out!r}")
    workers = values["workers"]
    cores = len(os.sched_getaffinity(0))
    processes = cores if workers is None else integer(workers, "workers", 1, 1024)
    options = dict(mapping(mapping(values["data"], "data").get("options"), "data.options"))
    domains = values["domains"]
    if isinstance(domains, str):
        domains = [name.strip() for name in domains.split(",")]
    chosen = sequence(domains, "domains", (1, 2), "of synthetic and real")
    for name in chosen:
        if name not in DOMAINS:
            raise DataError(f"domains: unknown {name!r}; {did_you_mean(str(name), DOMAINS)}")
    if "synthetic" not in chosen:
        raise DataError("domains: synthetic cannot be left out; the surrogate is matched to it")
    if "real" not in chosen:
        for key in ("real_validation", "real_test"):
            if key in given:
                raise DataError(f"{key} is given, but domains=synthetic leaves the real part out")
        counts = dict(mapping(options["counts"], "data.options.counts"))
        options["counts"] = {**counts, "real": None}
    return Path(str(out)).expanduser(), processes, options


def _help() -> str:
    from diffranet.composition import compose_config, groups, plain

    values = plain(compose_config(["out=FOLDER"]))
    options = values.pop("data")
    assert isinstance(options, dict)
    setup = {name: group for name, group in options["options"].items() if isinstance(group, dict)}
    del values["scale"], setup["counts"]
    keys = {**values, **{f"data.options.{k}": v for k, v in flatten(setup).items()}}
    spelt = {key: "null" if value is None else str(value) for key, value in keys.items()}
    lines = [f"  {key}={value}".replace(" ", "").replace("'", "") for key, value in spelt.items()]
    return HELP.format(
        groups="\n".join(f"{name}: {', '.join(known)}" for name, known in groups().items()),
        keys="\n".join(f"  {line}" for line in lines),
    )


def _say(text: str, status: int) -> int:
    print(f"diffranet.simulate: {text}", file=sys.stderr, flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
