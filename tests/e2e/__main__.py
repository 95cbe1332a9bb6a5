"""`python3 -m tests.e2e [--all] [--jobs N] [NAME…]`: runs the end-to-end tests of $IMECE_BINARY (build/dev/imece).

--all runs the long forms. --jobs N runs N files at a time, since most tests wait more than they work. NAME picks tests whose
name contains it. Skipped tests are named with their reason.
"""

import argparse
import concurrent.futures
import glob
import os
import subprocess
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def parse_arguments():
    parser = argparse.ArgumentParser(prog="tests.e2e", description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true", help="the long forms")
    parser.add_argument("--jobs", type=int, default=1, help="files at a time")
    parser.add_argument("names", nargs="*", help="only tests whose name contains one of these")
    return parser.parse_args()


def run(names):
    loader = unittest.TestLoader()
    if names:
        loader.testNamePatterns = [f"*{name}*" for name in names]
    result = unittest.TextTestRunner(verbosity=2).run(loader.discover(HERE, top_level_dir=ROOT))
    for test, reason in result.skipped:
        print(f"skipped: {test.id()}: {reason}")
    if result.testsRun == 0:
        print("no test has such a name")
        return 1
    return 0 if result.wasSuccessful() else 1


def run_file(name):
    began = time.monotonic()
    result = subprocess.run([sys.executable, "-m", "tests.e2e", f"{name}."], cwd=ROOT, text=True, check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return name, result.returncode, result.stdout, time.monotonic() - began


def run_files(jobs):
    """Each file in a process of its own; prints what each said when it is through."""
    names = sorted(os.path.basename(path)[:-3] for path in glob.glob(os.path.join(HERE, "test_*.py")))
    failed = []
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for done in concurrent.futures.as_completed([pool.submit(run_file, name) for name in names]):
            name, status, said, seconds = done.result()
            print(f"--- {name}: {'failed' if status else 'passed'} in {seconds:.0f} s\n{said}", flush=True)
            if status:
                failed.append(name)
    print(f"failed: {', '.join(failed)}" if failed else "all end-to-end tests passed")
    return 1 if failed else 0


def main():
    options = parse_arguments()
    if options.all:
        os.environ["IMECE_E2E_ALL"] = "1"
    return run_files(options.jobs) if options.jobs > 1 and not options.names else run(options.names)


if __name__ == "__main__":
    sys.exit(main())
