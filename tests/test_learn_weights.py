"""Where parameters come from."""

import random
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from reporter.errors import ReportError
from reporter.experiment import Run
from reporter.inputs import Weights
from reporter.learn.compact import CompactAlexNet
from reporter.learn.networks import build, class_count
from reporter.learn.normalisation import HALF, IMAGENET
from reporter.learn.weight_files import DENSENET, read_state
from reporter.learn.weights import pretrained, untrained

RANDOM = Weights(name="random", source="random", digest="random")
RUN = Run(name="x", seed=5)


def file(path: Path) -> Weights:
    """Return the weights of a file."""
    return Weights(name=path.stem, source="file", path=path, digest="")


def compact(classes: int = 12) -> dict[str, torch.Tensor]:
    """Return the parameters of a compact network with random values."""
    torch.manual_seed(1)
    return CompactAlexNet(num_classes=classes).state_dict()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of weights in every format, all with the same parameters."""
    state = compact()
    torch.save(state, tmp_path / "whole.pth")
    torch.save({"state_dict": state, "epoch": 3}, tmp_path / "wrapped.pth")
    save_file(state, tmp_path / "whole.safetensors")
    half = {n: t.half() for n, t in state.items() if t.is_floating_point()}
    save_file(half, tmp_path / "half.safetensors")
    return tmp_path


@pytest.mark.parametrize(
    "name", ["whole.pth", "wrapped.pth", "whole.safetensors", "half.safetensors"]
)
def test_files_of_every_format_are_loaded(folder: Path, name: str) -> None:
    """Half precision is cast; counters that it leaves out are no mistake."""
    loaded = pretrained("compact-alexnet", file(folder / name), RUN)
    assert loaded.classes == tuple(f"class {i}" for i in range(12))
    assert loaded.normalisation == HALF
    for key, tensor in compact().items():
        found = loaded.network.state_dict()[key]
        assert found.dtype == tensor.dtype
        torch.testing.assert_close(found, tensor, atol=1e-3, rtol=1e-3)


def test_a_network_arrives_frozen_and_evaluating(folder: Path) -> None:
    """No parameter takes a gradient until training says so."""
    network = pretrained("compact-alexnet", file(folder / "whole.pth"), RUN).network
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_random_parameters_descend_from_the_runs_stream() -> None:
    """The same seed gives the same network; the global generator has no part in it."""
    torch.manual_seed(0)
    due = torch.rand(1)
    states = []
    for seed, run in ((0, RUN), (1, RUN), (0, Run(name="x", seed=6))):
        torch.manual_seed(seed)
        network = pretrained("compact-alexnet", RANDOM, run).network
        states.append(network.state_dict()["classifier.1.weight"])
    torch.manual_seed(0)
    pretrained("compact-alexnet", RANDOM, RUN)
    assert torch.equal(torch.rand(1), due)
    assert torch.equal(states[0], states[1])
    assert not torch.equal(states[0], states[2])


def test_a_thousand_scores_are_imagenets_classes() -> None:
    """Their names come with torchvision."""
    loaded = pretrained("squeezenet1_1", RANDOM, RUN)
    assert (loaded.classes[258], loaded.classes[698]) == ("Samoyed", "palace")
    assert loaded.normalisation == IMAGENET


def test_a_file_of_another_network_is_told_in_one_line(folder: Path) -> None:
    """File, network, the first tensor that differs, and both shapes."""
    message = (
        r"whole.pth doesn't fit alexnet: features.0.weight is 32×3×9×9 in the file and 64×3×11×11"
    )
    with pytest.raises(ReportError, match=message):
        pretrained("alexnet", file(folder / "whole.pth"), RUN)


def test_a_tensor_too_many_is_told(folder: Path) -> None:
    """What the network has no place for is a mismatch, too."""
    torch.save({**compact(), "extra": torch.ones(2)}, folder / "more.pth")
    with pytest.raises(ReportError, match="extra is 2 in the file and absent in the network"):
        pretrained("compact-alexnet", file(folder / "more.pth"), RUN)


class Payload:
    """Something that a pickle could run."""


@pytest.mark.parametrize("content", ["text", "object", "nothing"])
def test_a_file_without_tensors_is_refused(tmp_path: Path, content: str) -> None:
    """Damaged files and files with code in them are never loaded."""
    path = tmp_path / "odd.pth"
    if content == "text":
        path.write_text("no weights")
    else:
        torch.save(Payload() if content == "object" else {"epoch": 3}, path)
    with pytest.raises(ReportError, match=r"odd.pth .*state_dict\(\)"):
        pretrained("compact-alexnet", file(path), RUN)


def test_a_file_that_explodes_is_refused(tmp_path: Path) -> None:
    """PyTorch would inflate what it never deflates itself."""
    torch.save({"a": torch.zeros(10**6)}, tmp_path / "plain.pth")
    path = tmp_path / "odd.pth"
    with zipfile.ZipFile(tmp_path / "plain.pth") as plain, zipfile.ZipFile(path, "w", 8) as small:
        for name in plain.namelist():
            small.writestr(name, plain.read(name))
    assert read_state(tmp_path / "plain.pth")["a"].shape == (10**6,)
    with pytest.raises(ReportError, match=r"odd\.pth can't be read as weights"):
        read_state(path)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("kind", ["zip", "old", "safetensors"])
def test_however_a_file_is_damaged_it_is_one_line_or_tensors(tmp_path: Path, kind: str) -> None:
    """A hundred files with some other bytes, or cut short."""
    path = tmp_path / ("odd.safetensors" if kind == "safetensors" else "odd.pth")
    state = {"a": torch.arange(9.0), "b": torch.ones(2, 2)}
    if kind == "safetensors":
        save_file(state, path)
    else:
        torch.save(state, path, _use_new_zipfile_serialization=kind == "zip")
    whole, draw, refused = path.read_bytes(), random.Random(0), 0
    for _ in range(100):
        content = bytearray(whole)
        for _ in range(draw.choice([1, 3, 20])):
            content[draw.randrange(len(content))] = draw.randrange(256)
        path.write_bytes(content[: draw.choice([None, None, draw.randrange(len(content))])])
        try:
            found = read_state(path)
        except ReportError:
            refused += 1
        else:
            assert all(isinstance(one, torch.Tensor) for one in found.values())
    assert refused > 30


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """The message has the path."""
    with pytest.raises(ReportError, match=r"weights 'absent': .*absent.pth is no file"):
        pretrained("compact-alexnet", file(tmp_path / "absent.pth"), RUN)


def test_missing_imagenet_weights_say_what_to_do(tmp_path: Path) -> None:
    """The message has the folder, the option and the file's name."""
    wanted = Weights(name="imagenet", source="imagenet", path=tmp_path, digest="")
    message = (
        r"weights of resnet18 are not in .*; build with --download or put resnet18-f37072fd.pth"
    )
    with pytest.raises(ReportError, match=message):
        pretrained("resnet18", wanted, RUN)
    with pytest.raises(ReportError, match="no ImageNet weights of compact-alexnet"):
        pretrained("compact-alexnet", wanted, RUN)


def test_imagenet_weights_are_read_from_the_folder(tmp_path: Path) -> None:
    """A file of torchvision's name is used as it is, its older names included."""
    torch.manual_seed(2)
    state = build("squeezenet1_1").state_dict()
    torch.save(state, tmp_path / "squeezenet1_1-b8a52dc0.pth")
    wanted = Weights(name="imagenet", source="imagenet", path=tmp_path, digest="")
    found = pretrained("squeezenet1_1", wanted, RUN).network.state_dict()
    assert all(torch.equal(found[name], tensor) for name, tensor in state.items())
    assert DENSENET.sub(r"\1\2.", "f.denselayer1.norm.1.weight") == "f.denselayer1.norm1.weight"


def test_the_untrained_twin_has_the_same_layers(folder: Path) -> None:
    """It differs in its parameters only."""
    loaded = pretrained("compact-alexnet", file(folder / "whole.pth"), RUN)
    twin = untrained(loaded, "compact-alexnet", RUN)
    assert class_count(twin.network) == 12
    assert not torch.equal(
        twin.network.state_dict()["features.0.weight"], compact()["features.0.weight"]
    )
