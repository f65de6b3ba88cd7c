"An exported stitch gives the network's logits where neither snnet_lab nor timm can be imported."

import json
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch

from snnet_lab.anchors import load_anchor
from snnet_lab.export import export_stitch, read_stitch, save_all, save_stitch
from snnet_lab.families import load_family
from snnet_lab.snnet import SNNet
from snnet_lab.testing import tiny_anchors

ELSEWHERE = '''
import sys
sys.modules.update(dict.fromkeys(('snnet_lab', 'timm', 'torchvision')))     # any import of these raises
import torch
model = torch.export.load(sys.argv[1]).module()
images, wanted = torch.load(sys.argv[2])
with torch.no_grad():
    for n in (1, 7):
        assert torch.allclose(model(images[:n]), wanted[:n], atol=1e-5), n
'''


def swin(width):
    return load_anchor(
        'swin_tiny_patch4_window7_224',
        weights=None,
        img_size=56,
        embed_dim=width,
        num_heads=(1, 1, 2, 2),
        depths=(2, 2, 2, 2),
        num_classes=10,
    )


def resnet(name):
    return load_anchor(name, weights=None, size=(3, 64, 64), num_classes=10)


def vit_with_registers():
    return tiny_anchors(48, img_size=64, in_chans=3, patch_size=16, reg_tokens=3)[0]


NETWORKS = dict(
    fashion=lambda: load_family('fashion'),
    swin=lambda: SNNet([swin(12), swin(24)]),
    resnet=lambda: SNNet([resnet('resnet10t'), resnet('resnet18')]),
    resnet_vit=lambda: SNNet([vit_with_registers(), resnet('resnet10t')], direction='both'),
)


@pytest.fixture(scope='module', params=NETWORKS)
def case(request):
    "A network, one of its stitches, images, and the logits."
    torch.manual_seed(0)
    net = NETWORKS[request.param]().eval()
    stitch = [s for s in net.space if s.cuts][-1]
    images = torch.randn(64, *net.anchors[0].size)
    with torch.no_grad():
        return net, stitch, images, net(images, stitch)


def test_module(case):
    net, stitch, images, wanted = case
    model = export_stitch(net, stitch)
    with torch.no_grad():
        for n in (1, 7):
            assert torch.allclose(model(images[:n]), wanted[:n], atol=1e-5)
    assert sum(p.numel() for p in model.parameters()) == net.costs().params[stitch.id]
    assert model.state_dict().keys() < net.state_dict().keys()
    assert {type(m).__module__.split('.')[0] for m in model.modules()} == {'torch'}


def test_pt2_file_in_another_process(case, tmp_path):
    net, stitch, images, wanted = case
    save_stitch(net, stitch, tmp_path / 'stitch.pt2')
    torch.save((images, wanted), tmp_path / 'wanted.pt')
    command = [sys.executable, '-c', ELSEWHERE, tmp_path / 'stitch.pt2', tmp_path / 'wanted.pt']
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_onnx_file(case, tmp_path):
    runtime = pytest.importorskip('onnxruntime')
    net, stitch, images, wanted = case
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # of onnxscript's own code
        save_stitch(net, stitch, tmp_path / 'stitch.onnx')
    session = runtime.InferenceSession(tmp_path / 'stitch.onnx', providers=['CPUExecutionProvider'])
    facts = json.loads(session.get_modelmeta().custom_metadata_map['snnet_lab'])
    digest = facts.pop('digest')
    assert facts == read_stitch(tmp_path / 'stitch.onnx')
    assert (facts['stitch'], facts['macs']) == (stitch.id, net.costs().macs[stitch.id])
    assert len(digest) == 64 and facts['preprocessing']['size'] == list(net.anchors[0].size)
    for n in (1, 7, 64):
        (logits,) = session.run(['logits'], {'images': images[:n].numpy()})
        assert torch.allclose(torch.from_numpy(logits), wanted[:n], atol=1e-4)
    data = bytearray((tmp_path / 'stitch.onnx').read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / 'stitch.onnx').write_bytes(data)
    with pytest.raises(ValueError, match='is damaged'):
        read_stitch(tmp_path / 'stitch.onnx')


NOTEBOOK = Path(__file__).parents[1] / 'nbs/core/26_export.ipynb'
ALL_ELSEWHERE = """
import sys
sys.modules['snnet_lab'] = None  # any import of it raises
{loader}
model = TakenAway(sys.argv[1])
images, wanted = torch.load(sys.argv[2])
with torch.no_grad():
    for n in (1, 7):
        for stitch, logits in wanted.items():
            assert torch.allclose(model(images[:n], stitch), logits[:n], atol=1e-5), (n, stitch)
print(len(model.header['labels']), model.within('macs', 1e12))
"""


def loader() -> str:
    "The cell that stands in the documentation."
    sources = [''.join(cell['source']) for cell in json.loads(NOTEBOOK.read_text())['cells']]
    (cell,) = [source for source in sources if 'class TakenAway' in source]
    return cell


def test_loader_is_short():
    assert sum(bool(line.strip()) for line in loader().splitlines()) <= 50


@pytest.mark.parametrize('name', ['fashion', 'swin', 'resnet'])
def test_all_stitches_from_one_file_in_another_process(name, tmp_path):
    torch.manual_seed(0)
    net = NETWORKS[name]().eval()
    images = torch.randn(7, *net.anchors[0].size)
    with torch.no_grad():
        wanted = {s.id: net(images, s) for s in net.space}
    save_all(net, tmp_path / 'all.safetensors', labels=list('abcdefghij'))
    torch.save((images, wanted), tmp_path / 'wanted.pt')
    script = ALL_ELSEWHERE.format(loader=loader())
    command = [sys.executable, '-c', script, tmp_path / 'all.safetensors', tmp_path / 'wanted.pt']
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ['10', str(net.set_budget(macs=1e12).id)]
    again = SNNet.load(tmp_path / 'all.safetensors')
    with torch.no_grad():
        assert all(torch.equal(again(images, i), logits) for i, logits in wanted.items())
