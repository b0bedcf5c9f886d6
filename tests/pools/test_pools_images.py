from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from querist.core.errors import BadInput
from querist.pools import open_pool
from querist.testing.pools import PoolContract


def picture(seed: int, size: tuple[int, int] = (6, 5)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path):
    return make_folder(tmp_path / "photos")


def make_folder(root):
    for name, seed in {"cat/b.png": 1, "cat/a.png": 2, "dog/c.PNG": 1, "top.bmp": 3}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture(seed)).save(root / name)
    (root / "notes.txt").write_text("not an image")
    return root


class TestFolder(PoolContract):
    def make_pool(self, tmp_path):
        return open_pool(make_folder(tmp_path), label="folder")


class TestGrey(PoolContract):
    def make_pool(self, tmp_path):
        return open_pool(np.stack([picture(s)[..., 0] for s in (0, 1, 0)]))


class TestFloatColour(PoolContract):
    def make_pool(self, tmp_path):
        return open_pool(np.stack([picture(s) / 255 for s in (0, 1, 0)]), id=["a", "b", "c"])


def test_folder_ids_paths_and_labels(folder):
    pool = open_pool(str(folder), label="folder")
    assert pool.ids() == ["cat/a.png", "cat/b.png", "dog/c.PNG", "top.bmp"]
    assert pool.given_labels() == ["cat", "cat", "dog", None]
    assert pool.show(1) == "cat/b.png"
    assert pool.paths[1] == folder.absolute() / "cat/b.png"
    np.testing.assert_array_equal(pool.items(np.array([3, 1]))[1], picture(1))
    assert len(pool.items(np.array([3, 1]))[1:]) == 1


def test_a_list_of_paths_is_images_when_said_so(folder):
    paths = [folder / "top.bmp", folder / "cat/a.png"]
    pool = open_pool(paths, images=True, id=["x", "y"])
    assert pool.kind == "image" and pool.ids() == ["x", "y"]
    np.testing.assert_array_equal(pool.items(np.array([0]))[0], picture(3))


def test_photos_stand_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    Image.fromarray(picture(0, (4, 9))).save(tmp_path / "a.png", exif=exif)
    assert open_pool(tmp_path).items(np.array([0]))[0].shape == (9, 4, 3)


def test_a_picture_too_large_to_decode_is_named(folder, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(BadInput, match=r"a\.png is not a readable image"):
        open_pool(folder)


def test_a_broken_image_is_named(folder):
    (folder / "cat/d.jpg").write_text("<html>404</html>")
    with pytest.raises(BadInput, match=r"d\.jpg is not a readable image"):
        open_pool(folder)


def test_an_image_cut_short_is_named_when_decoded(folder):
    whole = (folder / "top.bmp").read_bytes()
    (folder / "top.bmp").write_bytes(whole[: len(whole) // 2])
    pool = open_pool(folder)
    with pytest.raises(BadInput, match=r"top\.bmp is not a readable image"):
        pool.items(np.array([3]))[0]


def test_a_missing_file_of_a_list_is_named(tmp_path):
    with pytest.raises(BadInput, match=r"gone\.png is not a readable image"):
        open_pool([str(tmp_path / "gone.png")], images=True)


def test_folder_without_images(tmp_path):
    with pytest.raises(BadInput, match=r"holds no images; expected files ending in \.bmp"):
        open_pool(tmp_path)


def test_a_column_cannot_label_files(folder):
    with pytest.raises(BadInput, match="label='folder'"):
        open_pool(folder, label="kind")


def decode(uri: str) -> np.ndarray:
    raw = base64.b64decode(uri.removeprefix("data:image/png;base64,"))
    return np.asarray(Image.open(io.BytesIO(raw)))


@pytest.mark.parametrize(
    ("images", "shown"),
    [
        (np.full((1, 4, 4), 7, dtype=np.uint8), 7),
        (np.full((1, 4, 4), 0.5), 128),
        (np.full((1, 4, 4, 3), 200.0), 200),
        (np.full((1, 3, 8, 8), 9, dtype=np.uint8), 9),
        (np.full((1, 8, 8, 6), 9, dtype=np.uint8), 9),
        (np.full((1, 8, 8), 4000, dtype=np.uint16), 255),
    ],
)
def test_arrays_are_shown_as_pictures(images, shown):
    pixels = decode(open_pool(images).show(0))
    assert pixels.shape[0] >= 128
    assert (pixels == shown).all()


def test_equal_bytes_of_another_shape_are_another_image():
    wide, tall = np.zeros((1, 2, 8), dtype=np.uint8), np.zeros((1, 8, 2), dtype=np.uint8)
    assert open_pool(wide).digests() != open_pool(tall).digests()


@pytest.mark.parametrize(
    ("images", "options", "said"),
    [
        (np.full((2, 2, 2), np.nan), {}, "row 0, column 0 holds nan"),
        (np.zeros((0, 2, 2)), {}, "pool is empty"),
        (np.zeros((2, 2, 2)), {"features": "a"}, "cannot apply"),
        (np.full((2, 2, 2), "a"), {}, "array of numbers"),
        (np.zeros((2, 2, 2, 2, 2)), {}, "cannot open numpy.ndarray"),
    ],
)
def test_bad_input_is_explained(images, options, said):
    with pytest.raises(BadInput, match=said):
        open_pool(images, **options)


def test_mnist(load_set):
    data = load_set("mnist10k")
    pool = open_pool(data["X"], label=data["y"])
    assert (pool.kind, len(pool), pool.vectors()) == ("image", 10_000, None)
    assert pool.items(np.arange(5)).shape == (5, 28, 28)
    assert decode(pool.show(0)).shape == (140, 140)
    assert pool.given_labels()[:3] == data["y"][:3].tolist()
