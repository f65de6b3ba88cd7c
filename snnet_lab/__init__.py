__version__ = "0.1.0"

_MODULES = ('anchors', 'space', 'cost', 'matching', 'snnet', 'families', 'data', 'recipes', 'samplers', 'runs', 'training', 'batchnorm', 'evaluation', 'published',
            'jobs', 'latency', 'runtime', 'coverage', 'official', 'plots', 'state', 'staticpage', 'workbench')     # those that need Jupyter last


def __getattr__(name: str):
    "A public name of any module (`from snnet_lab import load_family`); a module is imported only when it is looked into."
    from importlib import import_module
    for module in () if name.startswith('_') else _MODULES:
        if name in (found := import_module(f'{__name__}.{module}')).__all__: return getattr(found, name)
    raise AttributeError(f'snnet_lab has no {name!r}')
