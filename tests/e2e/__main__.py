"""`python3 -m tests.e2e [--all] [NAME…]`: runs the end-to-end tests of $IMECE_BINARY (build/dev/imece).

--all runs the long forms too. NAME picks tests whose name contains it. Skipped tests are named with their reason.
"""

import argparse
import os
import sys
import unittest


def parse_arguments():
    parser = argparse.ArgumentParser(prog="tests.e2e", description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true", help="the long forms too")
    parser.add_argument("names", nargs="*", help="only tests whose name contains one of these")
    return parser.parse_args()


def main():
    options = parse_arguments()
    if options.all:
        os.environ["IMECE_E2E_ALL"] = "1"
    loader = unittest.TestLoader()
    if options.names:
        loader.testNamePatterns = [f"*{name}*" for name in options.names]
    here = os.path.dirname(os.path.abspath(__file__))
    suite = loader.discover(here, top_level_dir=os.path.dirname(os.path.dirname(here)))
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    for test, reason in result.skipped:
        print(f"skipped: {test.id()}: {reason}")
    if result.testsRun == 0:
        print("no test has such a name")
        return 1
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
