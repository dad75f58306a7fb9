"""Which words look at which channel: the tables behind the guards (`guards.py`), nothing else."""

from __future__ import annotations

import re

from monocyte.semdiff.normal.channels import Channel

__all__ = [
    "BY_OBJECT",
    "CATCHERS",
    "CATCHING",
    "CODE_WORDS",
    "DOC_LIBRARIES",
    "MODULE_WORDS",
    "MODULE_WORDS_OF_ITSELF",
    "RENDERINGS",
    "SHOWING_ERRORS",
    "STRING_CHANNELS",
    "STRING_WORDS",
    "WORDS",
]

C = Channel
WORDS: dict[str, tuple[Channel, ...]] = {
    "f_locals": (C.NAMES,),
    "getargvalues": (C.NAMES,),
    "getclosurevars": (C.NAMES, C.CODE),
    **dict.fromkeys(("co_varnames", "co_names", "co_freevars", "co_cellvars"), (C.NAMES, C.CODE)),
    "co_nlocals": (C.CODE,),
    **dict.fromkeys(("f_lineno", "tb_lineno", "co_firstlineno", "co_lines"), (C.LINES,)),
    **dict.fromkeys(("co_lnotab", "co_linetable", "co_positions"), (C.LINES, C.CODE)),
    **dict.fromkeys(("f_lasti", "tb_lasti", "co_code", "co_stacksize"), (C.CODE,)),
    **dict.fromkeys(("_co_code_adaptive", "get_instructions"), (C.CODE, C.LINES)),
    **dict.fromkeys(("settrace", "setprofile", "monitoring"), (C.LINES, C.CODE, C.NAMES, C.FRAMES)),
    "co_consts": (C.CODE, C.DOCS),
    "__closure__": (C.CODE,),
    **dict.fromkeys(("register_introspection_functions", "system_methodHelp"), (C.DOCS,)),
    **dict.fromkeys(("shortDescription", "TextTestRunner", "TextTestResult"), (C.DOCS,)),
    **dict.fromkeys(("getsource", "getsourcelines", "findsource"), (C.TEXT, C.LINES)),
    **dict.fromkeys(("getcomments", "getblock", "__loader__"), (C.TEXT, C.LINES)),
    **dict.fromkeys(("getline", "getlines"), (C.TEXT, C.LINES)),
    **dict.fromkeys(("readmodule", "readmodule_ex", "cgitb"), (C.TEXT, C.LINES)),
    **dict.fromkeys(("_getframe", "currentframe", "f_back", "f_code", "tb_next"), (C.FRAMES,)),
    **dict.fromkeys(("getrecursionlimit", "setrecursionlimit"), (C.FRAMES,)),
    **dict.fromkeys(("open", "fdopen", "TemporaryFile", "NamedTemporaryFile"), (C.LIFETIME,)),
    **dict.fromkeys(("socket", "mmap", "Popen", "ResourceWarning", "memoryview"), (C.LIFETIME,)),
    **dict.fromkeys(("TemporaryDirectory", "SpooledTemporaryFile", "SharedMemory"), (C.LIFETIME,)),
    **dict.fromkeys(("ZipFile", "PyZipFile", "TarFile", "GzipFile", "BZ2File"), (C.LIFETIME,)),
    **dict.fromkeys(("LZMAFile", "FileIO", "TextIOWrapper", "BufferedReader"), (C.LIFETIME,)),
    **dict.fromkeys(("BufferedWriter", "BufferedRWPair", "BufferedRandom"), (C.LIFETIME,)),
    **dict.fromkeys(("popen", "urlopen", "sqlite3", "scandir", "epoll", "kqueue"), (C.LIFETIME,)),
    **dict.fromkeys(("HTTPConnection", "HTTPSConnection", "wrap_socket"), (C.LIFETIME,)),
    **dict.fromkeys(("create_task", "ensure_future", "Pool", "ThreadPool"), (C.LIFETIME,)),
    "__subclasses__": (C.ORDER,),
    **dict.fromkeys(("getdoc", "docopt", "doctest", "pydoc", "help"), (C.DOCS,)),
    "Fire": (C.DOCS,),
    **dict.fromkeys(("__annotations__", "get_type_hints", "get_annotations"), (C.ANNOTATIONS,)),
    **dict.fromkeys(("signature", "getfullargspec", "Signature"), (C.ANNOTATIONS,)),
    **dict.fromkeys(("singledispatch", "singledispatchmethod"), (C.ANNOTATIONS,)),
    **dict.fromkeys(("__del__", "weakref", "getrefcount"), (C.LIFETIME, C.DEATHS)),
    **dict.fromkeys(("gc", "get_referrers", "get_objects"), (C.LIFETIME, C.DEATHS)),
    "tracemalloc": (C.LIFETIME, C.DEATHS, C.LINES),
    "findCaller": (C.LINES, C.FRAMES),
    "print_stack": (C.LINES, C.TEXT, C.FRAMES),
    **dict.fromkeys(("InteractiveConsole", "InteractiveInterpreter"), (C.LINES, C.TEXT)),
}
"""Words that look at a channel wherever they stand."""

MODULE_WORDS: dict[str, tuple[str, tuple[Channel, ...]]] = {
    **dict.fromkeys(
        ("stack", "trace", "getinnerframes", "getouterframes", "getframeinfo"),
        ("inspect", (C.LINES, C.TEXT, C.FRAMES)),
    ),
    **dict.fromkeys(
        ("extract_stack", "extract_tb", "walk_tb", "walk_stack", "format_stack", "format_tb"),
        ("traceback", (C.LINES, C.TEXT, C.FRAMES)),
    ),
    **dict.fromkeys(
        ("format_exc", "format_exception", "TracebackException", "StackSummary"),
        ("traceback", (C.LINES, C.TEXT, C.FRAMES)),
    ),
    **dict.fromkeys(
        ("print_exc", "print_exception", "print_tb", "print_last"),
        ("traceback", (C.LINES, C.TEXT, C.FRAMES)),
    ),
    **dict.fromkeys(
        ("dump_traceback", "dump_traceback_later"), ("faulthandler", (C.LINES, C.FRAMES))
    ),
    "Trace": ("trace", (C.LINES, C.CODE, C.FRAMES)),
    **dict.fromkeys(("Profile", "runctx", "print_stats"), ("cProfile", (C.LINES, C.FRAMES))),
    **dict.fromkeys(("getmembers", "getmembers_static"), ("inspect", (C.DOCS, C.ANNOTATIONS))),
    "finalize": ("weakref", (C.LIFETIME, C.DEATHS)),
    "dis": ("dis", (C.CODE, C.LINES)),
    **dict.fromkeys(("yacc", "lex"), ("ply", (C.DOCS,))),
}
"""Words that look at a channel when the module also knows that library."""

DOC_LIBRARIES = frozenset(
    {"click", "typer", "fire", "docopt", "plac", "argh", "cyclopts", "invoke", "fabric", "ply"}
    | {"fastapi", "flask_restx", "strawberry", "graphene", "mcp", "fastmcp", "discord", "nextcord"}
    | {"pydantic", "msgspec", "monocyte", "spark", "sly", "doctest", "gradio", "langchain", "cmd"}
)
"""Libraries that make something of docstrings."""

MODULE_WORDS_OF_ITSELF = frozenset(
    {"modules", "__import__", "import_module", "importlib", "getmodule", "__main__", "gc"}
)
"""Words by which a module may get hold of itself as an object."""

STRING_WORDS = re.compile(
    r"\b(__doc__|__dict__|f_locals|f_lineno|tb_lineno|co_[a-z]+|getsource|__annotations__"
    r"|__code__|__closure__|__subclasses__|__del__|getdoc|currentframe|_getframe)\b"
    r"|\b(locals|globals|vars)\s*\(|%\((lineno)\)|\$?\{(lineno)|\$(lineno)"
)
"""What a string that is executed, formatted or handed to getattr may look at."""

STRING_CHANNELS: dict[str, tuple[Channel, ...]] = {
    "__doc__": (C.DOCS,),
    "__dict__": (C.ORDER,),
    "__code__": (C.CODE,),
    "lineno": (C.LINES,),
    **dict.fromkeys(("locals", "vars", "globals"), (C.NAMES, C.ORDER)),
    **dict.fromkeys(("currentframe", "_getframe"), (C.FRAMES,)),
}

CATCHING = frozenset(
    {"stderr", "showwarning", "formatwarning", "catch_warnings", "StreamHandler", "basicConfig"}
    | {"redirect_stderr"}
)
"""Words by which a program gets hold of its own diagnostics."""

RENDERINGS = frozenset(
    {"format_exc", "format_exception", "format_stack", "format_tb", "TracebackException"}
    | {"print_exc", "print_exception", "print_stack", "print_tb", "print_last"}
)
"""Words that give lines as text, for people."""

SHOWING_ERRORS = RENDERINGS | frozenset(
    {"exception", "exc_info", "stack_info", "warn", "warn_explicit", "dump_traceback"}
)
"""Words by which lines get into diagnostics."""

CODE_WORDS = frozenset(
    {"co_firstlineno", "co_lines", "co_positions", "co_lnotab", "co_linetable", "co_code"}
    | {"co_varnames", "co_names", "co_freevars", "co_cellvars", "co_nlocals", "co_consts"}
    | {"co_stacksize", "__code__", "__closure__"}
)
"""Words that look into the code of a function."""

BY_OBJECT = CODE_WORDS | {"getsource", "getsourcelines", "findsource", "getcomments"}
"""Words that look at something only when they are handed it, unless they are handed frames."""

CATCHERS: dict[str, frozenset[str]] = {
    "stderr": frozenset({"redirect_stderr", "capfd", "capsys"}),
    "logging": frozenset(
        {"assertLogs", "caplog", "LogRecord", "makeLogRecord", "setLogRecordFactory"}
        | {"MemoryHandler", "QueueHandler", "Handler emit", "Handler handle", "Formatter format"}
        | {"StreamHandler stdout", "StreamHandler StringIO"}
        | {"basicConfig stdout", "basicConfig StringIO", "Filter filter", "LoggerAdapter process"}
    ),
    "warnings": frozenset(
        {"catch_warnings", "showwarning", "formatwarning", "captureWarnings", "assertWarns"}
        | {"warns", "simplefilter error", "filterwarnings error", "resetwarnings"}
    ),
}
"""Who catches diagnostics again: a word of the tree, or several that it must all have."""
