"""Lets ClusterFuzz's own libFuzzer engine handle the targets of a build folder, as its bots do.

Usage: clusterfuzz.py BUILD SCRATCH SECONDS TARGET... Prints a line for each check, `ok` or `FAIL` first.
"""

import os
import sys

from clusterfuzz import environment, fuzz


def check(words, passed):
    print("ok  " if passed else "FAIL", words, flush=True)


def files(folder):
    return [os.path.join(folder, name) for name in os.listdir(folder)]


def examine(build, scratch, seconds, name):
    def made(what):
        path = os.path.join(scratch, name, what)
        os.makedirs(path)
        return path

    target = os.path.join(build, name)
    corpus, crashes, small = made("corpus"), made("crashes"), made("small")
    os.environ["FUZZ_INPUTS_DISK"] = made("inputs")
    engine = fuzz.get_engine("libFuzzer")
    with environment.Environment("libFuzzer", "address", target, interactive=True):
        options = engine.prepare(corpus, target, build)
        seeds = files(corpus)
        check(f"{name}: ClusterFuzz unpacks its {len(seeds)} seeds", len(seeds) > 0)
        given = " ".join(options.arguments)
        check(f"{name}: ClusterFuzz takes its dictionary and options", "-dict=" in given and "-max_len=" in given)
        result = engine.fuzz(target, options, crashes, seconds)
        runs = result.stats.get("number_of_executed_units", 0)
        check(f"{name}: ClusterFuzz fuzzes it, {runs} runs, {len(result.crashes)} crashes", runs > 0 and not result.crashes)
        again = engine.reproduce(target, seeds[0], [], 60)
        check(f"{name}: ClusterFuzz runs one input", again.return_code == 0)
        before = len(files(corpus))
        engine.minimize_corpus(target, [], [corpus], small, crashes, 300)
        after = len(files(small))
        check(f"{name}: ClusterFuzz minimises its corpus, {before} to {after}", 0 < after <= before)


def main():
    build, scratch, seconds, *names = sys.argv[1:]
    found = sorted(os.path.basename(path) for path in fuzz.get_fuzz_targets(build))
    check(f"ClusterFuzz finds {', '.join(found)}", found == sorted(names))
    for name in names:
        examine(build, scratch, int(seconds), name)


main()
