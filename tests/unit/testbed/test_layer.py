"""Layers and image archives written in Python: what is in them, and that they repeat."""

from __future__ import annotations

import io
import json
import tarfile
from hashlib import sha256
from pathlib import Path

import pytest

from tests.testbed.build import containerd, debian, images, layer
from tests.testbed.build.layer import LayerWriter
from tests.testbed.errors import NotBuilt
from tests.testbed.paths import Cache


def entries(path: Path) -> dict[str, tarfile.TarInfo]:
    """Return a tar's entries by name."""
    with tarfile.open(path) as archive:
        return {entry.name: entry for entry in archive}


def example(writer: LayerWriter) -> None:
    """Fill a small layer."""
    writer.directory("tmp", 0o1777)
    writer.file("usr/bin/tool", b"#!/bin/sh\n", 0o755)
    writer.link("usr/bin/alias", "tool")


def test_a_layer_holds_modes_links_and_parents(tmp_path: Path) -> None:
    """Programs stay executable, links stay links, folders exist before their files."""
    layer.make(tmp_path / "one.tar", "1", example)
    found = entries(tmp_path / "one.tar")
    assert list(found) == ["tmp", "usr", "usr/bin", "usr/bin/tool", "usr/bin/alias"]
    assert found["tmp"].mode == 0o1777
    assert found["usr/bin/tool"].mode == 0o755
    assert found["usr/bin/alias"].linkname == "tool"
    assert {(entry.uid, entry.uname) for entry in found.values()} == {(0, "")}


def test_the_same_content_gives_the_same_digest(tmp_path: Path) -> None:
    """Built again elsewhere or later, a layer is recognised as the same."""
    first = layer.make(tmp_path / "one.tar", "1", example)
    second = layer.make(tmp_path / "two.tar", "2", example)
    assert first.diff_id == second.diff_id
    data = (tmp_path / "one.tar").read_bytes()
    assert first.diff_id == f"sha256:{sha256(data).hexdigest()}"
    assert first.size == len(data)


def test_a_layer_is_reused_only_for_the_same_inputs(tmp_path: Path) -> None:
    """Unchanged inputs do not write again, changed ones do."""
    layer.make(tmp_path / "one.tar", "1", example)

    def other(writer: LayerWriter) -> None:
        writer.file("other", "x")

    assert layer.make(tmp_path / "one.tar", "1", other).diff_id == layer.read(tmp_path / "one.tar").diff_id  # type: ignore[union-attr]
    assert "other" not in entries(tmp_path / "one.tar")
    layer.make(tmp_path / "one.tar", "2", other)
    assert list(entries(tmp_path / "one.tar")) == ["other"]


def test_a_truncated_layer_is_not_read(tmp_path: Path) -> None:
    """A layer whose tar was cut off is made again."""
    layer.make(tmp_path / "one.tar", "1", example)
    with (tmp_path / "one.tar").open("r+b") as stream:
        stream.truncate(100)
    assert layer.read(tmp_path / "one.tar") is None


def test_the_first_entry_of_a_name_wins(tmp_path: Path) -> None:
    """A program from a package is not replaced by a later stand-in of the same name."""

    def fill(writer: LayerWriter) -> None:
        writer.file("usr/bin/awk", "real")
        writer.link("usr/bin/awk", "busybox")

    layer.make(tmp_path / "one.tar", "1", fill)
    assert entries(tmp_path / "one.tar")["usr/bin/awk"].isreg()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("./bin/sh", "usr/bin/sh"),
        ("./lib64/ld-linux-x86-64.so.2", "usr/lib64/ld-linux-x86-64.so.2"),
        ("./usr/bin/git", "usr/bin/git"),
        ("./bin/", "bin"),
        ("./etc/libfoo/conf", "etc/libfoo/conf"),
        ("./library/x", "library/x"),
        ("./", ""),
    ],
)
def test_package_paths_move_below_usr(name: str, expected: str) -> None:
    """Packages that still ship /bin or /lib land where those folders really are."""
    assert debian.merged(name) == expected


def package(**files: bytes) -> io.BytesIO:
    """Return a package's tar with these files and one hard link to the first."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        link = tarfile.TarInfo("./bin/second")
        link.type, link.linkname = tarfile.LNKTYPE, next(iter(files))
        archive.addfile(link)
    stream.seek(0)
    return stream


def test_packages_are_copied_without_documentation(tmp_path: Path) -> None:
    """Manuals and translations stay out; hard links follow their file below usr."""
    content = package(**{"./bin/first": b"x", "./usr/share/man/man1/first.1": b"y"})
    layer.make(tmp_path / "one.tar", "1", lambda writer: debian.copy_files(writer, content))
    found = entries(tmp_path / "one.tar")
    assert list(found) == ["usr", "usr/bin", "usr/bin/first", "usr/bin/second"]
    assert found["usr/bin/second"].linkname == "usr/bin/first"


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """A cache with a tiny base layer and two programs."""
    made = Cache(tmp_path)
    layer.make(made.layers / "base.tar", "1", example)
    made.bin.mkdir()
    for name in ("pause", "argocd", "helm"):
        (made.bin / name).write_bytes(name.encode() * 100)
    return made


def test_an_archive_stores_a_shared_layer_once(cache: Cache) -> None:
    """However many images use the base layer, it is imported once."""
    made = [images.make(one, cache) for one in images.select({"base", "busybox", "redis", "pause"})]
    stream = io.BytesIO()
    containerd.write_archive(made, stream)
    stream.seek(0)
    with tarfile.open(fileobj=stream) as archive:
        names = archive.getnames()
        listed = json.load(archive.extractfile("manifest.json"))  # type: ignore[arg-type]
    assert len(names) == len(set(names))
    tags = {tag for one in listed for tag in one["RepoTags"]}
    assert {"k8sgrade/base:1", "busybox:latest", "busybox:1.36", images.image("redis")} <= tags
    assert len({one["Layers"][0] for one in listed}) == 2
    assert {one["Config"] for one in listed} <= set(names)


def test_an_image_names_its_layers_and_user(cache: Cache) -> None:
    """The configuration is what a runtime starts the program by."""
    made = images.make(images.by_key()["argocd"], cache)
    config = json.loads(made.config)
    assert config["config"]["User"] == "999"
    assert "Entrypoint" not in config["config"]
    assert config["rootfs"]["diff_ids"] == [one.diff_id for one in made.layers]
    assert len(made.layers) == 2
    found = entries(Path(made.layers[1].path))
    assert found["usr/local/bin/argocd"].mode == found["usr/local/bin/helm"].mode == 0o755
    assert found["usr/local/bin/argocd-repo-server"].linkname == "argocd"


def test_another_program_makes_another_image(cache: Cache) -> None:
    """A rebuilt program is not hidden by the image of the old one."""
    before = images.make(images.by_key()["pause"], cache).identity
    (cache.bin / "pause").write_bytes(b"new")
    assert images.make(images.by_key()["pause"], cache).identity != before


def test_a_missing_program_is_named_with_its_command(cache: Cache) -> None:
    """Somebody who has not built CoreDNS reads how to."""
    with pytest.raises(NotBuilt, match=r"coredns.*build coredns"):
        images.make(images.by_key()["coredns"], cache)


def test_image_names_have_no_registry_host() -> None:
    """All references are short names, but for one that a rubric asks for: nothing is pulled by accident."""
    for one in images.IMAGES:
        for reference in one.references if one.key != "example-app" else ():
            assert "." not in reference.split("/")[0].split(":")[0]


def test_images_are_found_by_key_and_by_reference() -> None:
    """Manifests speak of references, the testbed of keys; both mean the same image."""
    assert images.select({"nginxinc/nginx-unprivileged:1.25"}) == images.select({"nginx"})
    with pytest.raises(ValueError, match=r"httpd.*nginx"):
        images.select({"httpd"})
    assert images.components_of({"argocd", "pause"}) == {"argocd", "base", "helm", "pause"}


def test_a_clone_shares_layers_but_not_databases(tmp_path: Path) -> None:
    """A bed writes into its own databases, never into the prepared ones."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "meta.db").write_text("database")
    (source / "blob").write_text("layer")
    (source / "link").symlink_to("blob")
    clone = tmp_path / "beds" / "one"
    containerd.clone_root(source, clone)
    assert (clone / "blob").samefile(source / "blob")
    assert not (clone / "meta.db").samefile(source / "meta.db")
    assert (clone / "link").is_symlink()


def test_a_root_is_extended_only_while_its_images_are_current() -> None:
    """New images are added to the fullest root; one that holds an old program is left behind."""
    roots = {Path("small"): {"a": "1"}, Path("full"): {"a": "1", "b": "1"}, Path("old"): {"a": "0", "x": "1"}}
    assert containerd.extensible(roots, {"a": "1", "c": "1"}) == Path("full")
    assert containerd.extensible(roots, {"a": "2"}) is None
    assert containerd.extensible(roots, {"a": "1", "b": "2"}) == Path("small")
