"""Drives a running pinecone-emulator with the official SDK, which must be satisfied with it.

usage: emulator.py URL SEED_FILE
"""

import sys
import time
import unittest


class OneLine(unittest.TestResult):
    """One line for each case."""

    def addSuccess(self, test):
        self.say("ok", test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.say("FAILED", test)

    def addError(self, test, err):
        super().addError(test, err)
        self.say("FAILED", test)

    def say(self, verdict, test):
        name = test._testMethodName.removeprefix("test_").replace("_", " ")
        print(f"{verdict:6} {type(test).__name__}: {name}", flush=True)

    @classmethod
    def drive(cls, *suites):
        """Runs the suites, tells what came of them, and ends the program with the verdict."""
        result = cls()
        started = time.monotonic()
        for suite in suites:
            suite.run(result)
        for _, trace in result.failures + result.errors:
            print(trace, file=sys.stderr)
        for test, reason in result.skipped:
            print(f"{test.id()} was left out: {reason}", file=sys.stderr)
        cases = result.testsRun - len(result.skipped)
        failed = len(result.failures) + len(result.errors)
        print(f"{cases} cases, {failed} failed, {time.monotonic() - started:.1f} s")
        sys.exit(1 if failed or not result.testsRun else 0)

    @classmethod
    def drive_cases(cls, *cases):
        """The same for classes of cases."""
        cls.drive(*map(unittest.defaultTestLoader.loadTestsFromTestCase, cases))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    modules = ["tokens", "accounts", "keys", "faults"]
    OneLine.drive(unittest.defaultTestLoader.loadTestsFromNames(modules))


if __name__ == "__main__":
    main()
