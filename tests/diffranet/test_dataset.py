import json
import multiprocessing
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diffranet.dataset import DiffraNet, SimulatedDiffraNet
from diffranet.errors import DataError, SealedSplitError

MakeRoot = Callable[..., Path]


def prepare(root: Path, cache: Path, **options: object) -> DiffraNet:
    return DiffraNet.prepare({"root": str(root), **options}, cache=cache, workers=1)


def test_reads_what_lies_there(make_root: MakeRoot, tmp_path: Path) -> None:
    root = make_root()
    data = prepare(root, tmp_path / "cache")
    assert data.image_shape == (16, 16)
    assert data.classes == ("blank", "no-crystal", "weak", "good", "strong")
    assert list(data.domains) == ["synthetic", "real_raw", "real_preprocessed"]
    train = data.split("synthetic", "train")
    assert train.labels.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert train.labels.dtype == np.int64
    for image, name in zip(train.images, train.names, strict=True):
        assert np.array_equal(image, np.asarray(Image.open(root / name)))
    assert isinstance(train.images, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        train.images[0] = 0


def test_domains_project_the_training_classes(make_root: MakeRoot, tmp_path: Path) -> None:
    data = prepare(make_root(), tmp_path / "cache")
    assert data.domains["synthetic"].projection == (0, 1, 2, 3, 4)
    real = data.domains["real_raw"]
    assert [real.classes[real.projection[data.classes.index(name)]] for name in data.classes] == [
        *["no-diffraction"] * 2,
        *["diffraction"] * 3,
    ]
    assert data.views["diffraction"] == (real.classes, real.projection)


@pytest.mark.parametrize("domain", ["synthetic", "real_raw", "real_preprocessed"])
def test_test_splits_are_sealed(make_root: MakeRoot, tmp_path: Path, domain: str) -> None:
    data = prepare(make_root(), tmp_path / "cache")
    opened = DiffraNet.open(data.packed)
    for sealed in (data, opened):
        with pytest.raises(SealedSplitError, match=f"{domain}/test is sealed"):
            sealed.split(domain, "test")
    assert len(opened.unsealed().split(domain, "test").labels) > 0
    with pytest.raises(SealedSplitError):  # unsealing one leaves the other as it was
        opened.split(domain, "test")


def test_unknown_places_are_refused(make_root: MakeRoot, tmp_path: Path) -> None:
    data = prepare(make_root(("synthetic",)), tmp_path / "cache")
    with pytest.raises(DataError, match="no domain 'real_raw'; known are synthetic"):
        data.split("real_raw", "validation")
    with pytest.raises(DataError, match="did you mean 'validation'"):
        data.split("synthetic", "validate")


def test_folders_may_be_numbered_from_zero_or_named(make_root: MakeRoot, tmp_path: Path) -> None:
    zero = prepare(make_root(("synthetic",), first=0), tmp_path / "cache")
    labels = zero.split("synthetic", "train").labels
    root = tmp_path / "root"
    for split in ("train", "validation", "test"):
        for number, name in enumerate(("blank", "no_crystal", "Weak", "good", "strong")):
            (root / "synthetic" / split / str(number)).rename(root / "synthetic" / split / name)
    named = prepare(root, tmp_path / "cache")
    assert np.array_equal(named.split("synthetic", "train").labels, labels)
    assert named.split("synthetic", "train").names[2] == "synthetic/train/no_crystal/0.png"
    assert named.digest != zero.digest


def test_real_domains_may_be_partial(make_root: MakeRoot, tmp_path: Path) -> None:
    root = make_root(("synthetic", "real_raw"))
    shutil.rmtree(root / "real_raw" / "test")
    data = prepare(root, tmp_path / "cache")
    assert data.domains["real_raw"].splits == ("validation",)


def save_noise(path: Path, shape: tuple[int, int], seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    Image.fromarray(pixels).save(path)


def corrupt(root: Path) -> None:
    path = root / "synthetic/validation/3/1.png"
    path.write_bytes(path.read_bytes()[:-40])


def other_size(root: Path) -> None:
    save_noise(root / "real_raw/test/2/0.png", (16, 15), 1)


def empty_class(root: Path) -> None:
    for path in (root / "synthetic/test/4").iterdir():
        path.unlink()


def leak(root: Path) -> None:
    shutil.copy(root / "synthetic/train/1/0.png", root / "synthetic/test/1/5.png")


def leak_in_another_format(root: Path) -> None:
    Image.open(root / "synthetic/train/1/0.png").save(root / "synthetic/test/1/5.pgm")


def extra_class(root: Path) -> None:
    (root / "synthetic/train/6").mkdir()


def no_class(root: Path) -> None:
    shutil.rmtree(root / "real_raw/validation/2")


def no_test(root: Path) -> None:
    shutil.rmtree(root / "synthetic/test")


def no_image(root: Path) -> None:
    (root / "synthetic/train/2/notes.txt").write_text("x")


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (corrupt, r"synthetic/validation/3/1\.png is damaged"),
        (other_size, r"real_raw/test/2/0\.png is 15 x 16 pixels, but .* is 16 x 16"),
        (empty_class, r"class folder synthetic/test/4 \(good\) of .* is empty"),
        (leak, r"synthetic/test/1/5\.png and synthetic/train/1/0\.png are the same image in two"),
        (leak_in_another_format, r"synthetic/test/1/5\.pgm and synthetic/train/1/0\.png are the"),
        (extra_class, "unknown class folder synthetic/train/6; known are 1, 2, 3, 4, 5"),
        (no_class, r"class folder real_raw/validation/2 \(diffraction\) is missing"),
        (no_test, "has no folder 'synthetic/test'"),
        (no_image, r"notes\.txt is no PNG, PGM or TIFF image"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_refusals_name_the_culprit(
    make_root: MakeRoot, tmp_path: Path, harm: Callable[[Path], None], message: str
) -> None:
    root = make_root()
    harm(root)
    with pytest.raises(DataError, match=message) as refused:
        prepare(root, tmp_path / "cache")
    assert "\n" not in str(refused.value)
    assert not any(path.name == "packed.json" for path in tmp_path.rglob("*"))


def test_one_image_in_raw_and_preprocessed_is_fine(make_root: MakeRoot, tmp_path: Path) -> None:
    root = make_root()
    shutil.copy(root / "real_raw/test/1/0.png", root / "real_preprocessed/validation/1/0.png")
    prepare(root, tmp_path / "cache")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "root must name the folder"),
        ({"root": "/no/such/folder"}, "/no/such/folder does not exist"),
        ({"root": ".", "imagesize": 3}, "unknown option 'imagesize'; did you mean 'image_size'"),
        ({"root": ".", "image_size": "big"}, "image_size must be a whole number, got 'big'"),
        ({"root": "."}, "has no folder 'synthetic'"),
    ],
)
def test_check_refuses_and_creates_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=message):
        DiffraNet.check(options)
    assert not list(tmp_path.iterdir())


def test_packed_images_are_found_again(
    make_root: MakeRoot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_root()
    first = prepare(root, tmp_path / "cache")
    with monkeypatch.context() as patch:
        patch.setattr("diffranet.packed.decode", None)  # reading an image again would fail
        assert prepare(root, tmp_path / "cache").packed == first.packed
    save_noise(root / "synthetic/train/1/0.png", (16, 16), 99)
    changed = prepare(root, tmp_path / "cache")
    assert changed.digest != first.digest
    assert changed.split("synthetic", "train").digest != first.split("synthetic", "train").digest
    validation = ("synthetic", "validation")
    assert changed.split(*validation).digest == first.split(*validation).digest


def test_digest_is_of_contents_not_of_places(make_root: MakeRoot, tmp_path: Path) -> None:
    root = make_root()
    here = prepare(root, tmp_path / "cache")
    shutil.copytree(root, tmp_path / "elsewhere")
    there = prepare(tmp_path / "elsewhere", tmp_path / "cache")
    assert there.packed == here.packed
    reduced = prepare(root, tmp_path / "cache", image_size=8)
    assert reduced.image_shape == (8, 8)
    assert reduced.digest != here.digest


def test_description_is_plain_and_has_no_paths(make_root: MakeRoot, tmp_path: Path) -> None:
    data = prepare(make_root(), tmp_path / "cache")
    text = json.dumps(data.describe())
    assert str(tmp_path) not in text
    described = json.loads(text)
    assert described["kind"] == "published layout folder"
    assert described["surrogate"] is False
    assert described["counts"]["synthetic"]["train"]["strong"] == 2


def test_a_half_packed_folder_is_done_again(
    make_root: MakeRoot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, cache = make_root(), tmp_path / "cache"

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("diffranet.packed.manifest_digest", interrupted)
        with pytest.raises(KeyboardInterrupt):
            prepare(root, cache)
    assert [p for p in (cache / "packed").iterdir() if not p.name.startswith(".")] == []
    data = prepare(root, cache)
    assert len(data.split("synthetic", "train").names) == 10
    assert not list((cache / "packed").glob(".*"))


def prepare_in_process(root: str, cache: str, barrier: object) -> None:
    barrier.wait()  # type: ignore[attr-defined]
    prepare(Path(root), Path(cache))


def test_two_processes_may_pack_at_once(make_root: MakeRoot, tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    root, barrier = make_root(), context.Barrier(2)
    arguments = (str(root), str(tmp_path / "cache"), barrier)
    processes = [context.Process(target=prepare_in_process, args=arguments) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    packed = prepare(root, tmp_path / "cache")
    assert len(packed.split("synthetic", "train").names) == 10
    assert not list((tmp_path / "cache" / "packed").glob(".*"))


SMALL = {
    "image_size": 32,
    "mosaic_domains": 2,
    "seed": 3,
    "counts": {
        "synthetic": {"train": 6, "validation": 5, "test": 5},
        "real": {"validation": 2, "test": 2},
    },
}


def test_simulates_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = SimulatedDiffraNet.prepare(SMALL, cache=tmp_path, workers=1)
    with monkeypatch.context() as patch:
        patch.setattr("diffranet.simulator.writer.render_chunk", None)
        again = SimulatedDiffraNet.prepare(SMALL, cache=tmp_path, workers=1)
    assert again.packed == first.packed
    assert first.image_shape == (32, 32)
    described = first.describe()
    assert described["kind"] == "simulated"
    assert described["surrogate"] is True
    assert "not the published real images" in str(described["note"])
    assert described["surrogate_domains"] == ["real_raw", "real_preprocessed"]
    other = SimulatedDiffraNet.prepare(SMALL | {"seed": 4}, cache=tmp_path, workers=1)
    assert other.digest != first.digest


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_sise": 64}, "unknown option 'image_sise'; did you mean 'image_size'"),
        ({"image_size": 3}, "image_size must be 32 to 2048, got 3"),
        ({"counts": {"synthetic": {"training": 9}}}, "counts.synthetic: unknown option"),
        ({"counts": {"synthetic": {"train": 4}}}, "synthetic train count must be 5 to"),
        ({"counts": {"real": {"validation": 5, "test": 0}}}, "real test count must be 2 to"),
        ({"counts": 5}, "counts must be a group"),
        ({"class_balance": "papr"}, "did you mean 'paper'"),
        ({"engine": "float16"}, "engine: unknown value 'float16'"),
        ({"seed": -1}, "seed must be"),
        ({"crystal": {"structure_factors": "no/such.mtz"}}, "no/such.mtz: no such file"),
        ({"crystal": {"structure_factors": "model.doc"}}, "model.doc: unknown kind"),
        ({"detector": {"distance": 80}}, "detector: unknown option 'distance'; did you mean"),
    ],
)
def test_bad_simulation_options_are_refused(options: dict, message: str) -> None:
    with pytest.raises(DataError, match=message):
        SimulatedDiffraNet.check(options)
