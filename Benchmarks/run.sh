#!/bin/sh
# The budgets, as ratios in one run.
# usage: Benchmarks/run.sh DIRECTORY_OF_THE_BINARIES [--small]
set -eu
binaries=${1:?usage: run.sh DIRECTORY [--small]}
shift
exec "$binaries/Benchmarks" "$(readlink -f "$binaries/keyturn")" "$@"
