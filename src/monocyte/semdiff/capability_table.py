"""What the standard library can do to the world, as data: dotted name -> capabilities, as letters.

Read from the documentation of Python 3.11 to 3.13, in doubt on the side of more. A module stands for
everything in it that has no line of its own; a name without a letter is known to reach nothing. What
is not here is nobody's standard library: a dependency.
"""
# ruff: noqa: E501 (a table: names that belong together stand together)

from __future__ import annotations

__all__ = ["ALIASES", "BUILTINS", "CLASS_METHODS", "METHODS", "MODULES", "NAMES", "PATH_METHODS"]

# R files read · W files written · N network · P processes · E environment · D dynamic code
# F foreign functions · T threads · S signals · M monkey-patching and hooks

PURE = """
__future__ abc aifc array ast audioop base64 binascii bisect calendar chunk cmath codeop collections
collections.abc colorsys configparser contextlib contextvars copy crypt csv dataclasses datetime
decimal difflib dis email enum errno fnmatch fractions functools getopt graphlib gzip bz2 lzma hashlib
heapq hmac html html.entities html.parser http imghdr io ipaddress itertools json json.decoder
json.encoder json.scanner json.tool keyword locale math nturl2path numbers opcode operator optparse
argparse pprint pyexpat quopri random re reprlib secrets sndhdr sre_compile sre_constants sre_parse
stat statistics string stringprep struct sunau symtable textwrap time timeit token tokenize tomllib
traceback types typing unicodedata urllib.parse urllib.error uu warnings wave weakref xdrlib xml
xml.dom xml.parsers xml.parsers.expat xml.parsers.expat.errors xml.parsers.expat.model xml.etree
xml.sax.saxutils xml.sax.handler zlib http.cookies email.message email.headerregistry email.policy
email.parser email.generator email.header email.charset email.encoders email.errors email.mime
email.utils email.contentmanager email.iterators wsgiref wsgiref.headers wsgiref.types wsgiref.util
wsgiref.validate unittest.util binhex string.templatelib annotationlib lib2to3 pydoc_data
concurrent posixpath ntpath genericpath codecs queue plistlib netrc zoneinfo importlib.abc
importlib.resources.abc pickletools encodings
"""

MODULES: dict[str, str] = {
    **dict.fromkeys(PURE.split(), ""),
    "antigravity": "PN", "asynchat": "N", "asyncio": "NPTS", "asyncore": "N", "atexit": "M",
    "bdb": "DM", "builtins": "", "cProfile": "DM", "cgi": "RE", "cgitb": "M", "cmd": "R", "code": "D",
    "compileall": "RWD", "concurrent.futures": "TP", "concurrent.futures.process": "TP",
    "concurrent.futures.thread": "T", "concurrent.interpreters": "DT", "copyreg": "M",
    "ctypes": "F", "curses": "RWF", "dbm": "RW", "distutils": "RWPD", "doctest": "RD",
    "ensurepip": "RWPN", "faulthandler": "WS", "fcntl": "RW", "filecmp": "R", "fileinput": "RW",
    "ftplib": "N", "gc": "D", "getpass": "RE", "gettext": "RE", "glob": "R", "grp": "R",
    "html.tool": "", "http.client": "N", "http.cookiejar": "NRW", "http.server": "NRP",
    "idlelib": "RWNPDFTM", "imaplib": "NP", "imp": "D", "importlib": "D",
    "importlib.machinery": "D", "importlib.metadata": "R", "importlib.resources": "R",
    "importlib.util": "D", "inspect": "D", "linecache": "R", "logging": "RWN", "mailbox": "RW",
    "mailcap": "RP", "marshal": "D", "mimetypes": "R", "mmap": "RW", "modulefinder": "RD",
    "msilib": "RWF", "msvcrt": "RWF", "multiprocessing": "PTN", "nis": "N", "nntplib": "N",
    "nt": "RWPESF", "os": "RWPES", "os.path": "R", "ossaudiodev": "RW", "pathlib": "RW",
    "pdb": "DM", "pickle": "D", "pipes": "P", "pkgutil": "RD", "platform": "RP", "poplib": "N",
    "posix": "RWPES", "profile": "DM", "pstats": "RW", "pty": "PRW", "pwd": "R", "py_compile": "RWD",
    "pyclbr": "R", "pydoc": "RDPN", "readline": "RW", "resource": "P", "rlcompleter": "D",
    "runpy": "D", "sched": "", "select": "N", "selectors": "N", "shelve": "RWD", "shlex": "",
    "shutil": "RW", "signal": "S", "site": "RDM", "smtpd": "N", "smtplib": "N", "socket": "N",
    "socketserver": "NTP", "spwd": "R", "sqlite3": "RW", "ssl": "N", "subprocess": "P",
    "sys": "DM", "sysconfig": "RE", "syslog": "W", "tabnanny": "R", "tarfile": "RW",
    "telnetlib": "N", "tempfile": "RW", "termios": "RW", "this": "", "threading": "T",
    "tkinter": "RWNF", "trace": "DM", "tracemalloc": "RW", "tty": "RW", "turtle": "RWNF",
    "turtledemo": "RWNF", "unittest": "DR", "unittest.mock": "M", "urllib": "", "urllib.request": "NRW",
    "urllib.response": "", "urllib.robotparser": "N", "uuid": "", "venv": "RWP", "webbrowser": "PN",
    "winreg": "RWE", "winsound": "F", "wsgiref.handlers": "RE", "wsgiref.simple_server": "N",
    "xml.dom.minidom": "R", "xml.dom.pulldom": "R", "xml.dom.expatbuilder": "R",
    "xml.etree.ElementTree": "", "xml.etree.cElementTree": "", "xml.sax": "RN",
    "xml.sax.expatreader": "RN", "xml.sax.xmlreader": "RN", "xmlrpc": "N", "xmlrpc.client": "N",
    "xmlrpc.server": "N", "zipapp": "RW", "zipfile": "RW", "zipimport": "D", "compression": "RW",
    "logging.handlers": "RWNT", "logging.config": "RWND", "curses.ascii": "", "sqlite3.dbapi2": "RW",
    "ctypes.util": "FRP", "ctypes.wintypes": "F", "pathlib.types": "", "profiling": "DM",
}  # fmt: skip
"""Capabilities of a module's names that have no line of their own."""


def _pure(module: str, names: str) -> dict[str, str]:
    return {f"{module}.{name}": "" for name in names.split()}


def _all(module: str, letters: str, names: str) -> dict[str, str]:
    return {f"{module}.{name}": letters for name in names.split()}


NAMES: dict[str, str] = {
    # -- builtins ------------------------------------------------------------------------------
    **_all("builtins", "D", "eval exec compile __import__ globals locals breakpoint help copyright"
           " credits license __build_class__ __loader__ __spec__"),
    "builtins.input": "R", "builtins.open": "RW",
    # -- the operating system --------------------------------------------------------------------
    **_pure("os", "sep altsep extsep pathsep linesep curdir pardir devnull defpath name error strerror"
            " fspath fsencode fsdecode PathLike path urandom getpid getppid cpu_count times uname"
            " getlogin getuid geteuid getgid getegid O_RDONLY O_WRONLY O_RDWR O_CREAT O_EXCL O_TRUNC"
            " O_APPEND SEEK_SET SEEK_CUR SEEK_END F_OK R_OK W_OK X_OK WNOHANG WIFEXITED WEXITSTATUS"
            " WIFSIGNALED WTERMSIG EX_OK stat_result terminal_size get_terminal_size getloadavg"
            " process_cpu_count getrandom isatty major minor makedev sysconf sysconf_names"),
    **_all("os", "R", "listdir scandir walk fwalk stat lstat fstat access readlink getcwd getcwdb read"
           " readv pread preadv DirEntry statvfs fstatvfs getxattr listxattr lseek dup pipe"
           " get_inheritable ctermid ttyname sched_getaffinity pathconf fpathconf"),
    **_all("os", "W", "remove unlink rename renames replace mkdir makedirs rmdir removedirs link symlink"
           " chmod fchmod lchmod chown fchown lchown truncate ftruncate utime write writev pwrite"
           " pwritev mkfifo mknod sync fsync fdatasync setxattr removexattr lockf posix_fallocate"
           " chflags lchflags copy_file_range sendfile splice umask"),
    **_all("os", "RW", "open fdopen close closerange dup2 openpty memfd_create"),
    **_all("os", "E", "environ environb getenv getenvb putenv unsetenv chdir fchdir"
           " get_exec_path supports_bytes_environ reload_environ"),
    **_all("os", "P", "system popen fork forkpty execl execle execlp execlpe execv execve execvp execvpe"
           " spawnl spawnle spawnlp spawnlpe spawnv spawnve spawnvp spawnvpe posix_spawn posix_spawnp"
           " startfile wait wait3 wait4 waitid waitpid nice setuid setgid seteuid setegid setreuid"
           " setregid setresuid setresgid setgroups setsid setpgid setpriority sched_setscheduler"
           " sched_setaffinity chroot login_tty unshare setns pidfd_open register_at_fork _exit"),
    **_all("os", "PS", "abort"), **_all("os", "S", "kill killpg"),
    "os.add_dll_directory": "F",
    **_pure("os.path", "join split splitext splitdrive splitroot basename dirname normpath normcase isabs"
            " commonprefix commonpath sep pardir curdir altsep extsep pathsep defpath devnull"),
    **_all("os.path", "RE", "expanduser expandvars abspath relpath"),
    **_all("posixpath", "R", "exists lexists isfile isdir islink ismount getsize getmtime getatime"
           " getctime realpath samefile sameopenfile isjunction isdevdrive"),
    **_all("posixpath", "RE", "expanduser expandvars abspath relpath"),
    **_all("ntpath", "R", "exists lexists isfile isdir islink ismount getsize getmtime getatime"
           " getctime realpath samefile sameopenfile isjunction isdevdrive isreserved"),
    **_all("ntpath", "RE", "expanduser expandvars abspath relpath"),
    **_all("genericpath", "R", "exists isfile isdir islink getsize getmtime getatime getctime samefile"),
    **_pure("sys", "argv version version_info platform byteorder maxsize maxunicode executable exit"
            " stdin stdout stderr __stdout__ __stderr__ float_info int_info hash_info flags prefix"
            " base_prefix exec_prefix implementation api_version hexversion copyright exc_info exception"
            " getsizeof intern getrecursionlimit getrefcount getdefaultencoding getfilesystemencoding"
            " stdlib_module_names builtin_module_names thread_info is_finalizing getswitchinterval"
            " warnoptions get_int_max_str_digits float_repr_style dont_write_bytecode pycache_prefix"
            " orig_argv platlibdir getallocatedblocks __name__ audit"),
    **_all("sys", "M", "settrace setprofile addaudithook excepthook unraisablehook displayhook breakpointhook"
           " setrecursionlimit setswitchinterval set_int_max_str_digits setdlopenflags"
           " set_asyncgen_hooks set_coroutine_origin_tracking_depth monitoring activate_stack_trampoline"),
    **_all("sys", "DM", "modules path meta_path path_hooks path_importer_cache"),
    **_all("sys", "RW", "stdin.buffer.raw stdout.buffer.raw stderr.buffer.raw __stdin__.buffer.raw"
           " __stdout__.buffer.raw __stderr__.buffer.raw"),  # files, whose class opens others
    "sys.stdin.read": "R", "sys.stdin.readline": "R", "sys.stdin.readlines": "R", "sys.stdin.buffer": "R",
    "sys.__stdin__": "R", "sys.stdin": "R",
    **_all("pathlib", "", "PurePath PurePosixPath PureWindowsPath"),
    **_pure("pathlib", "Path PosixPath WindowsPath UnsupportedOperation"),  # see PATH_METHODS
    **_all("shutil", "R", "disk_usage which get_terminal_size"),
    **_all("shutil", "", "Error SameFileError SpecialFileError ReadError get_archive_formats"
           " get_unpack_formats copyfileobj ignore_patterns"),
    **_all("tempfile", "E", "gettempdir gettempdirb gettempprefix tempdir"),
    # -- streams: opening is the capability, and each module opens in its own way ------------------
    **_all("io", "RW", "open open_code FileIO"),
    **_all("codecs", "RW", "open"), "tokenize.open": "R",
    **_all("codecs", "D", "register register_error"),
    **_all("gzip", "RW", "open GzipFile"), **_all("bz2", "RW", "open BZ2File"),
    **_all("lzma", "RW", "open LZMAFile"), **_all("wave", "RW", "open Wave_read Wave_write"),
    **_all("aifc", "RW", "open"), **_all("sunau", "RW", "open"), "imghdr.what": "R", "sndhdr.what": "R",
    **_all("uu", "RW", "encode decode"), "netrc.netrc": "R", "hashlib.file_digest": "",
    **_all("zipfile", "R", "is_zipfile"), **_all("zipfile", "", "BadZipFile ZIP_DEFLATED ZIP_STORED ZipInfo"),
    "tarfile.is_tarfile": "R", **_all("tarfile", "", "TarError ReadError TarInfo"),
    **_all("sqlite3", "", "Row Error DatabaseError IntegrityError OperationalError PARSE_DECLTYPES"
           " register_adapter register_converter version sqlite_version"),
    **_all("configparser", "", "Error NoSectionError NoOptionError SectionProxy"),
    **_all("zoneinfo", "R", "ZoneInfo available_timezones TZPATH reset_tzpath"),
    **_all("xml.etree.ElementTree", "RW", "parse iterparse ElementTree"),
    **_all("xml.dom.minidom", "", "parseString Document Node"),
    **_all("xml.sax", "", "handler ContentHandler SAXException SAXParseException saxutils"),
    **_all("mimetypes", "R", "guess_type guess_extension init"), "locale.getlocale": "E",
    **_all("locale", "E", "getdefaultlocale getpreferredencoding setlocale"), "time.tzset": "E",
    **_all("gettext", "", "gettext ngettext NullTranslations"), "fileinput.hook_encoded": "",
    "datetime.time": "", **_all("random", "", "SystemRandom"), **_all("statistics", "", "mean"),
    **_all("platform", "", "python_version python_version_tuple python_implementation"
           " python_branch python_build python_compiler python_revision"),
    **_all("platform", "R", "system machine node release version platform uname processor"),
    **_all("uuid", "", "UUID uuid3 uuid4 uuid5 uuid6 uuid7 uuid8 NAMESPACE_DNS NAMESPACE_URL NAMESPACE_OID"),
    **_all("uuid", "PRF", "uuid1 getnode"), "getpass.getuser": "E", "argparse.FileType": "RW",
    "contextlib.chdir": "E", "difflib.HtmlDiff": "", "timeit.timeit": "D", "timeit.repeat": "D", "timeit.Timer": "D",
    "timeit.main": "D", "json.tool.main": "RW", "json.tool": "RW", "calendar.main": "",
    **_all("logging", "", "getLogger Logger LoggerAdapter Formatter Filter Handler NullHandler LogRecord"
           " DEBUG INFO WARNING ERROR CRITICAL NOTSET debug info warning error exception critical log"
           " getLevelName addLevelName disable StreamHandler WARN FATAL"
           " getLevelNamesMapping BufferingFormatter PercentStyle StrFormatStyle lastResort shutdown"),
    **_all("logging", "W", "FileHandler basicConfig"),
    **_all("logging", "M", "setLoggerClass setLogRecordFactory captureWarnings"),
    "traceback.extract_stack": "D", "traceback.print_stack": "R", "traceback.walk_stack": "D",
    **_all("traceback", "R", "print_exc format_exc print_exception format_exception extract_tb format_tb"
           " print_tb TracebackException StackSummary format_stack"),
    **_all("warnings", "M", "showwarning formatwarning"),
    # -- code as data ------------------------------------------------------------------------------
    **_all("types", "D", "FunctionType LambdaType CodeType new_class prepare_class resolve_bases"
           " MethodType ModuleType CellType FrameType TracebackType DynamicClassAttribute"),
    **_all("typing", "D", "get_type_hints ForwardRef evaluate_forward_ref"),
    **_all("inspect", "", "signature Signature Parameter isclass isfunction ismethod iscoroutinefunction"
           " iscoroutine isawaitable isgenerator isgeneratorfunction isabstract isbuiltin isroutine"
           " ismodule isasyncgen isasyncgenfunction getdoc cleandoc unwrap getmro BoundArguments"
           " isdatadescriptor ismethoddescriptor markcoroutinefunction"),
    **_all("inspect", "R", "getsource getsourcelines getsourcefile getfile getcomments"),
    **_all("ast", "", "literal_eval parse"), "codeop.compile_command": "D", "codeop.Compile": "D",
    "codeop.CommandCompiler": "D", "symtable.symtable": "", **_pure("operator", "attrgetter methodcaller"),
    **_all("collections", "", "namedtuple"), "enum.bltns": "D",
    **_all("pickle", "", "dumps dump HIGHEST_PROTOCOL DEFAULT_PROTOCOL PickleError PicklingError"
           " UnpicklingError Pickler PickleBuffer"),
    **_all("pkgutil", "D", "resolve_name iter_modules"),
    **_all("dis", "", "dis"), **_all("gc", "", "collect enable disable isenabled freeze get_threshold"
           " set_threshold get_count get_stats get_debug unfreeze"),
    **_all("importlib.metadata", "R", "version metadata requires files distribution"),
    "importlib.metadata.entry_points": "RD", "importlib.metadata.EntryPoint": "RD",
    **_all("importlib.util", "R", "find_spec cache_from_source source_from_cache"),
    "importlib.invalidate_caches": "", "functools.singledispatch": "", "weakref.finalize": "M",
    # -- threads, processes, loops ---------------------------------------------------------------------
    **_pure("threading", "Lock RLock Condition Semaphore BoundedSemaphore Event Barrier local"
            " current_thread main_thread get_ident get_native_id active_count enumerate"
            " BrokenBarrierError TIMEOUT_MAX ThreadError"),
    **_all("threading", "TM", "settrace setprofile excepthook setprofile_all_threads settrace_all_threads"),
    **_all("concurrent.futures", "T", "ThreadPoolExecutor"),
    **_pure("concurrent.futures", "Future as_completed wait TimeoutError CancelledError FIRST_COMPLETED"
            " FIRST_EXCEPTION ALL_COMPLETED Executor BrokenExecutor InvalidStateError"),
    **_pure("asyncio", "Lock Event Condition Semaphore BoundedSemaphore Queue PriorityQueue LifoQueue"
            " sleep gather wait wait_for timeout timeout_at shield create_task ensure_future Task Future"
            " TaskGroup CancelledError TimeoutError current_task all_tasks iscoroutine"
            " iscoroutinefunction get_running_loop InvalidStateError QueueEmpty QueueFull Barrier"
            " as_completed FIRST_COMPLETED ALL_COMPLETED FIRST_EXCEPTION isfuture Timeout"
            " IncompleteReadError LimitOverrunError AbstractEventLoop QueueShutDown"),
    **_all("asyncio", "T", "to_thread run_coroutine_threadsafe"),
    **_all("asyncio", "P", "create_subprocess_exec create_subprocess_shell subprocess"),
    **_all("asyncio", "N", "open_connection start_server open_unix_connection start_unix_server"
           " StreamReader StreamWriter"),
    **_all("asyncio", "", "run Runner new_event_loop get_event_loop"),
    "asyncio.set_event_loop": "M", "asyncio.set_event_loop_policy": "M",
    **_pure("subprocess", "PIPE STDOUT DEVNULL CalledProcessError TimeoutExpired SubprocessError"
            " CompletedProcess list2cmdline"),
    **_pure("signal", "Signals Handlers SIGINT SIGTERM SIGKILL SIGHUP SIGALRM SIGUSR1 SIGUSR2 SIGCHLD"
            " SIGPIPE SIG_DFL SIG_IGN strsignal valid_signals getsignal NSIG"),
    **_pure("multiprocessing", "cpu_count current_process TimeoutError ProcessError"),
    **_pure("selectors", "EVENT_READ EVENT_WRITE"),
    # -- network ------------------------------------------------------------------------------------
    **_pure("socket", "AF_INET AF_INET6 AF_UNIX SOCK_STREAM SOCK_DGRAM SOL_SOCKET SO_REUSEADDR timeout"
            " error gaierror herror inet_aton inet_ntoa inet_pton inet_ntop htons htonl ntohs ntohl"
            " IPPROTO_TCP TCP_NODELAY has_ipv6 AddressFamily SocketKind"),
    **_pure("ssl", "SSLError CERT_NONE CERT_REQUIRED PROTOCOL_TLS_CLIENT TLSVersion"
            " DER_cert_to_PEM_cert PEM_cert_to_DER_cert"),
    **_pure("http.client", "HTTPException responses OK NOT_FOUND"), "http.HTTPStatus": "",
    **_pure("urllib.request", "quote unquote urlencode pathname2url url2pathname Request"),
    **_pure("smtplib", "SMTPException"), **_pure("xmlrpc.client", "Fault Error dumps loads DateTime Binary"),
    **_all("email.utils", "N", "make_msgid"), "wsgiref.validate": "",
    # -- tests --------------------------------------------------------------------------------------
    **_pure("unittest", "TestCase skip skipIf skipUnless expectedFailure SkipTest"
            " IsolatedAsyncioTestCase addModuleCleanup"),
    **_pure("unittest.mock", "Mock MagicMock AsyncMock NonCallableMock call ANY DEFAULT sentinel seal"
            " create_autospec mock_open PropertyMock"),
}  # fmt: skip
"""What single names can do, where it differs from their module."""

BUILTINS: dict[str, str] = {
    name.partition(".")[2]: letters
    for name, letters in NAMES.items()
    if name.startswith("builtins.")
} | {"__builtins__": "D", "__loader__": "D", "__spec__": "D", "__import__": "D"}

ALIASES: dict[str, str] = {
    "enum.bltns": "builtins", "typing.stdlib_re": "re", "turtle.TK": "tkinter", "os.st": "stat",
    "imp.util": "importlib.util", "multiprocessing.reducer": "multiprocessing.reduction",
    "tarfile.bltn_open": "builtins.open", "posix.environ": "os.environ", "pty.close": "os.close",
    "pty.waitpid": "os.waitpid", "ssl.create_connection": "socket.create_connection",
    "ssl.socket": "socket.socket", "inspect.attrgetter": "operator.attrgetter",
    "pathlib.attrgetter": "operator.attrgetter", "shelve.Unpickler": "pickle.Unpickler",
    "compileall.Path": "pathlib.Path", "functools.RLock": "threading.RLock",
    "xml.dom.minidom.io": "io", "os.popen2": "os.popen",
}  # fmt: skip
"""Names under which a module shows somebody else's (found by listing every module's namespace)."""

PATH_METHODS: dict[str, str] = {
    **dict.fromkeys(["read_text", "read_bytes", "iterdir", "glob", "rglob", "walk", "exists", "is_file", "is_dir", "is_symlink", "is_mount", "is_socket", "is_fifo", "is_block_device", "is_char_device", "is_junction", "stat", "lstat", "owner", "group", "readlink", "resolve", "samefile"], "R"),
    **dict.fromkeys(["write_text", "write_bytes", "unlink", "mkdir", "rmdir", "touch", "symlink_to", "hardlink_to", "link_to", "rename", "replace", "chmod", "lchmod", "copy", "copy_into", "move", "move_into"], "W"),
    **dict.fromkeys(["cwd", "home", "expanduser", "absolute"], "RE"),
    "open": "RW",
}  # fmt: skip
"""Methods of `pathlib.Path`, by name: what a path can do is said where it is done."""

METHODS: dict[str, str] = {
    name: PATH_METHODS[name]
    for name in ["read_text", "read_bytes", "iterdir", "rglob", "is_symlink", "is_mount", "write_text", "write_bytes", "rmdir", "symlink_to", "hardlink_to", "link_to", "readlink", "unlink", "lchmod", "copy_into", "move_into"]
} | {
    "create_connection": "N", "create_server": "N", "create_datagram_endpoint": "N", "getaddrinfo": "N",
    "sendto": "N", "recvfrom": "N", "sock_connect": "N", "urlopen": "N", "getresponse": "N",
    "sendmail": "N", "run_in_executor": "T", "subprocess_exec": "P", "subprocess_shell": "P",
    "add_signal_handler": "S", "exec_module": "D", "load_module": "D", "find_module": "D",
    "source_to_code": "D", "get_code": "D", "extractall": "W", "executescript": "RW",
    "load_extension": "F", "enable_load_extension": "F", "set_debuglevel": "",
}  # fmt: skip
"""Methods that say by their name alone what they do, whatever they are called on."""

CLASS_METHODS: dict[str, dict[str, str]] = {
    "configparser.ConfigParser": {"read": "R"},
    "configparser.RawConfigParser": {"read": "R"},
    "mimetypes.MimeTypes": {"read": "R"},
    "shlex.shlex": {"sourcehook": "R"},
}  # fmt: skip
"""Methods that reach outside, of classes that reach nothing by being made."""
