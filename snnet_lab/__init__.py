"""The workbench for stitchable neural networks: `from snnet_lab import load_family` finds any public name."""

import ast
import pkgutil
import re
from functools import cache
from importlib import import_module
from pathlib import Path

__version__ = "0.1.0"


@cache
def _public() -> dict[str, str]:
    "Public name -> the module that defines it, read off the modules' files: nothing is imported for it."
    found = {}
    for info in pkgutil.walk_packages(__path__, f'{__name__}.'):
        if info.ispkg or info.name.rpartition('.')[2].startswith('_'):
            continue
        file = Path(__file__).parent.joinpath(*info.name.split('.')[1:]).with_suffix('.py')
        names = re.search(r'^__all__ = (\[.*?\])', file.read_text(encoding='utf-8'), re.M | re.S)
        for name in ast.literal_eval(names[1]) if names else ():
            found.setdefault(name, info.name)
    return found


def __getattr__(name: str):
    "A public name of any module; the module is imported when the name is first asked for."
    if name in _public():
        return getattr(import_module(_public()[name]), name)
    raise AttributeError(f'snnet_lab has no {name!r}')


def __dir__() -> list[str]:
    return sorted([*globals(), *_public()])
