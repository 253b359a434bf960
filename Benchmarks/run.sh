#!/bin/sh
# The budgets, as ratios in one run.
# usage: Benchmarks/run.sh DIRECTORY_OF_THE_BINARIES [--small] [quiet|due|trail]
set -eu
binaries=${1:?usage: run.sh DIRECTORY [--small] [quiet|due|trail]}
shift
exec "$binaries/Benchmarks" "$(readlink -f "$binaries/keyturn")" "$@"
