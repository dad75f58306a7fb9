"""What a cell may use of a neighbour: its words, however it comes by them, and nothing else."""

import pytest

from tests.cell.apps import HEAD, SHOP, App

PRIVATE = "{app}.shop.%s is private to its cell"
MODULE = "{app}.shop is used as a value"

REFUSED = {
    "from the module": ("from {app}.shop import _Draft #!\n", PRIVATE % "_Draft"),
    "under another name": ("from {app}.shop import _Draft as Draft #!\n", PRIVATE % "_Draft"),
    "relative": ("from .shop import _Draft #!\n", PRIVATE % "_Draft"),
    "relative module": ("from . import shop\nx = shop._Draft #!\n", PRIVATE % "_Draft"),
    "everything": ("from {app}.shop import * #!\n", PRIVATE % "*"),
    "its cell": ("from {app}.shop import cell as other #!\n", PRIVATE % "cell"),
    "a handler": ("from {app}.shop import make #!\n", PRIVATE % "make"),
    "a rule": ("from {app}.shop import RULE #!\n", PRIVATE % "RULE"),
    "a constant": ("from {app}.shop import LIMIT #!\n", PRIVATE % "LIMIT"),
    "its state": ("from {app}.shop import S #!\n", PRIVATE % "S"),
    "what is not there": (
        "from {app} import shop\ndef f() -> None:\n    shop.gone() #!\n",
        PRIVATE % "gone",
    ),
    "an attribute": ("from {app} import shop\nx = shop._Draft #!\n", PRIVATE % "_Draft"),
    "an attribute of an alias": ("import {app}.shop as p\nx = p._Draft #!\n", PRIVATE % "_Draft"),
    "a dotted name": ("import {app}.shop\nx = {app}.shop._Draft #!\n", PRIVATE % "_Draft"),
    "a dotted name by chance": (
        "import {app}\nfrom {app}.shop import Made\nx = {app}.shop._Draft #!\n",
        PRIVATE % "_Draft",
    ),
    "the attribute of a word's module": (
        "from {app} import shop\nx = shop.make.__doc__ #!\n",
        PRIVATE % "make",
    ),
    "its dictionary": ("from {app} import shop\nx = shop.__dict__ #!\n", PRIVATE % "__dict__"),
    "in a function": (
        "def f() -> None:\n    from {app}.shop import _Draft #!\n",
        PRIVATE % "_Draft",
    ),
    "in a function that nobody calls": (
        "from {app} import shop\ndef f() -> int:\n    return len(shop._Draft) #!\n",
        PRIVATE % "_Draft",
    ),
    "in an annotation": (
        "from {app} import shop\ndef f(x: shop._Draft) -> None: ... #!\n",
        PRIVATE % "_Draft",
    ),
    "getattr": ("from {app} import shop\nx = getattr(shop, '_Draft') #!\n", MODULE),
    "vars": ("import {app}.shop as p\nx = vars(p) #!\n", MODULE),
    "passed on": ("import {app}.shop\nx = {app}.shop #!\n", MODULE),
    "import_module": (
        "import importlib\np = importlib.import_module('{app}.shop') #!\n",
        "importlib.import_module hides what a cell imports",
    ),
    "import_module by name": (
        "from importlib import import_module\np = import_module('{app}.shop') #!\n",
        "import_module hides what a cell imports",
    ),
    "__import__": ("p = __import__('{app}.shop') #!\n", "__import__ hides what a cell imports"),
    "sys.modules": (
        "import sys\nfrom {app}.shop import Made\np = sys.modules[Made.__module__] #!\n",
        "sys.modules hides what a cell imports",
    ),
    "through a helper": ("from {app}.helper import make #!\n", PRIVATE % "make"),
    "through a helper's attribute": (
        "from {app} import helper\nx = helper.make #!\n",
        PRIVATE % "make",
    ),
    "a module through a helper": (
        "from {app} import helper\nx = helper.shop._Draft #!\n",
        PRIVATE % "_Draft",
    ),
}

RULED = SHOP + "RULE = cell.rule('SHOP-1', 'It is so.')\n"
OWN = "cell = Cell('other')\n"


@pytest.mark.parametrize(("uses", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_private_is_refused(app: App, uses: str, message: str) -> None:
    """Each way to a neighbour's insides is found at its line, and the neighbour is unharmed."""
    app.write("helper.py", "from {app} import shop\nfrom {app}.shop import make\n")
    app.write("__init__.py", "")
    loaded = app.load(shop=RULED, other=HEAD + uses + OWN)
    said = [(fault.message, fault.where) for fault in loaded.faults]
    assert said == [(message.format(app=app.package), where) for where in app.marked("other")]
    assert [manifest.name for manifest in loaded.manifests] == ["shop"]


ALLOWED = {
    "words": "from {app}.shop import Made, Make\n",
    "words of a module": "from {app} import shop\nx = shop.Made(1)\ny = shop.Make\n",
    "a dotted word": "import {app}.shop\nx = {app}.shop.Made(1)\n",
    "an attribute of a word": "from {app} import shop\nx = shop.Made.__name__\n",
    "an enum": "from {app}.shop import Colour\nx = Colour.RED\n",
    "aliases of words": "from {app}.shop import Some, Few\n",
    "a parameter of the same name": (
        "from {app} import shop\ndef f(shop: dict[str, int]) -> object:\n    return shop.items()\n"
    ),
    "a variable of the same name": (
        "from {app} import shop\ndef f() -> object:\n    shop = {}\n    return shop.items(), shop\n"
    ),
    "a loop of the same name": (
        "from {app} import shop\nx = (lambda shops: [shop.upper() for shop in shops])(['a'])\n"
    ),
    "a field of the same name": (
        "from {app} import shop\n"
        "class Plan(State):\n    made: shop.Made | None = None\n    shop: int = 0\n"
    ),
    "a helper": "from {app}.tools import help_me\nx = help_me()\n",
    "a helper's module": "from {app} import tools\nx = tools.help_me()\n",
    "its own private names": "from {app}.shop import Made\n_x = 1\ny = _x\n",
}


@pytest.mark.parametrize("uses", ALLOWED.values(), ids=ALLOWED.keys())
def test_words_may_be_used(app: App, uses: str) -> None:
    """Messages, values, enums and aliases of them are what a neighbour is for."""
    app.write("tools.py", "def help_me() -> int:\n    return 1\n")
    words = (
        "from enum import Enum\nclass Colour(Enum):\n    RED = 'red'\n"
        "Some = Made | None\nFew = tuple[Made, ...]\n"
    )
    loaded = app.load(shop=SHOP + words, other=HEAD + uses + OWN)
    assert [str(fault) for fault in loaded.faults] == []
    assert len(loaded.manifests) == 2


UNSEEN = {
    "eval": "from {app} import shop\nx = eval('shop._Draft')\n",
    "the code of a helper": (
        "from {app}.shop import Made\nfrom {app}.tools import borrow\nx = borrow()\n"
    ),
}


@pytest.mark.parametrize("uses", UNSEEN.values(), ids=UNSEEN.keys())
def test_what_reading_cannot_see(app: App, uses: str) -> None:
    """The bounds are kept by people who want to keep them: here is how to climb over."""
    app.write(
        "tools.py",
        "from {app} import shop\ndef borrow() -> object:\n    return shop._Draft\n",
    )
    assert app.load(shop=SHOP, other=HEAD + uses + OWN).faults == ()


def test_a_package_that_is_a_cell_keeps_its_helpers_open(app: App) -> None:
    """Of a cell in `__init__.py` the names are private, but the modules beside it are not."""
    app.write("__init__.py", SHOP)
    app.write("tools.py", "def help_me() -> int:\n    return 1\n")
    loaded = app.load(
        good=HEAD + "from {app} import Made, tools\nx = tools.help_me()\ncell = Cell('good')\n",
        bad=HEAD + "from {app} import make #!\ncell = Cell('bad')\n",
    )
    assert [fault.where for fault in loaded.faults] == app.marked("bad")
    assert [manifest.name for manifest in loaded.manifests] == ["shop", "good"]


def test_relative_imports_from_a_package_that_is_a_cell(app: App) -> None:
    """In `__init__.py` one dot is the package itself."""
    app.write("__init__.py", HEAD + "from .shop import _Draft #!\ncell = Cell('whole')\n")
    loaded = app.load(shop=SHOP)
    assert [fault.where.partition(":")[2] for fault in loaded.faults] == ["8"]
    assert [manifest.name for manifest in loaded.manifests] == ["shop"]
