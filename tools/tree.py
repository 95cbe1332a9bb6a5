"""Our C++ files and what they include: shared by the checks."""

import os
import re
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOMS = ("src", "sdk", "sim", "bench", "tests")
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.MULTILINE)


def files(root=ROOT, endings=(".h", ".cc")):
    """Paths from `root`, sorted, of all our C++ files."""
    found = []
    for room in ROOMS:
        for folder, inner, names in os.walk(os.path.join(root, room)):
            inner.sort()
            found += [os.path.relpath(os.path.join(folder, name), root)
                      for name in names if name.endswith(endings)]
    return sorted(found)


def read(path, root=ROOT):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def includes(text):
    """[(line, bracket, what)] of each #include."""
    return [(text.count("\n", 0, match.start(2)) + 1, match.group(1), match.group(2))
            for match in INCLUDE.finditer(text)]


def resolve(what, root=ROOT):
    """The file of ours that `#include "what"` means, or None. Includes are written from src/ or
    from the root."""
    for prefix in ("src/", ""):
        if os.path.isfile(os.path.join(root, prefix + what)):
            return prefix + what
    return None


def closure(path, root=ROOT, known=None):
    """`path` and all files of ours that it includes, directly or not."""
    known = set() if known is None else known
    if path not in known:
        known.add(path)
        for _, _, what in includes(read(path, root)):
            target = resolve(what, root)
            if target:
                closure(target, root, known)
    return known


def git(*arguments, root=ROOT):
    """What git prints, or "" where there is no git, no repository or no such thing."""
    try:
        result = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True,
                                check=False)
    except FileNotFoundError:
        return ""
    return result.stdout.strip() if result.returncode == 0 else ""


def base_commit(root=ROOT):
    """What this tree is compared with: $IMECE_BASE, or where the branch left main, or on main itself
    the last commit (the one before it when nothing is changed since). "" where there is none."""
    named = os.environ.get("IMECE_BASE")
    if named:
        return named
    head = git("rev-parse", "HEAD", root=root)
    for main in ("origin/main", "main"):
        fork = git("merge-base", main, "HEAD", root=root)
        if fork and fork != head:
            return fork
    if head and not git("status", "--porcelain", root=root):
        return git("rev-parse", "HEAD~1", root=root)
    return head


def changed_since(base, root=ROOT):
    """Files that are new or different, committed or not; None where that cannot be told."""
    if not base:
        return None
    return set(git("diff", "--name-only", "--diff-filter=d", base, root=root).splitlines()) | \
        set(git("ls-files", "--others", "--exclude-standard", root=root).splitlines())
