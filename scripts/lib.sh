# Sourced by the scripts beside it: changes to the repository's root, and creates virtual environments, or recreates them if their
# requirements have changed.

cd "$(dirname "$0")/.." || exit 1
unset PYTHONDONTWRITEBYTECODE # tests start the gateway some hundred times: its modules are compiled once

say() { printf '%s\n' "$*" >&2; }

# Sets $python to the first Python that is new enough and has venv.
find_python() {
    for python in python3.11 python3 python3.12 python3.13 python3.14; do
        if "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            return
        fi
    done
    say "trio-gate needs Python 3.11 or newer, with its venv module (on Debian: apt install python3.11 python3.11-venv)"
    exit 1
}

# environment FOLDER NAME PIP-ARGUMENTS…: installs the arguments into FOLDER; NAME is the name of the marker that this was done.
environment() {
    folder=$1 name=$2
    shift 2
    stamp="$PWD $(cat pyproject.toml scripts/constraints.txt | cksum) $*"
    if [ "$(cat "$folder/.installed-$name" 2>/dev/null)" = "$stamp" ]; then
        return
    fi
    if [ -L "$folder" ]; then
        say "$folder is a link to another checkout's environment, which is not changed from here: remove the link"
        exit 1
    fi
    find_python
    if ! head -n 1 "$folder/bin/pip" 2>/dev/null | grep -qF "#!$PWD/$folder/"; then
        say "creating $folder with $("$python" --version)"
        "$python" -m venv --clear "$folder" || exit 1
    fi
    say "installing $* into $folder (the first time takes a minute or two)"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$@" || exit 1
    printf '%s\n' "$stamp" >"$folder/.installed-$name"
}
