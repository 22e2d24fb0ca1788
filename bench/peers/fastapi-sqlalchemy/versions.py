"""What this peer depends on, as installed, a line each; where something is missing, which packages of Debian's bring it."""
import platform
import sys
from importlib.metadata import PackageNotFoundError, version

NAMES = ["fastapi", "uvicorn", "sqlalchemy", "asyncpg", "pydantic", "uvloop", "httptools"]
PACKAGES = [f"python3-{name}" for name in NAMES]

try:
    print("python", platform.python_version())
    for name in NAMES:
        print(name, version(name))
    import pydantic

    # Debian's is; what PyPI has for most machines is compiled, and several times faster.
    if pydantic.VERSION < "2" and not pydantic.compiled:
        print("pydantic not compiled")
except PackageNotFoundError:
    sys.exit("install Debian's " + " ".join(PACKAGES))
