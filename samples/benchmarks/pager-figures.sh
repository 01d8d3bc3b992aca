#!/usr/bin/env bash
# All figures of the pager in one run: pager-figures.sh [DIRECTORY]
# Prints tables, and keeps them in results/pager.txt and results/pager-*.json. Some ten minutes.
# Run where nothing else runs; DIRECTORY, or else this one, lies on the disk that is measured, which
# must allow sparse files of 40 GB. Needs target/benchmarks.jar (mvn -pl samples/benchmarks -am
# package -DskipTests). With QUICK=1 everything once, in two minutes, for a look whether it runs.
set -euo pipefail
disk=$(realpath "${1:-.}")
cd "$(dirname "$0")"
[ -d "$disk" ] || { sed -n 2,6p pager-figures.sh | cut -c3-; exit 2; }

A="--enable-native-access=ALL-UNNAMED --add-opens=java.base/jdk.internal.misc=ALL-UNNAMED"
A="$A --sun-misc-unsafe-memory-access=allow -Dpager.disk=$disk"
often=(-f 1 -wi 3 -w 500ms -i 5 -r 500ms)
few=(-f 1 -wi 2 -w 500ms -i 3 -r 500ms)
if [ -n "${QUICK:-}" ]; then
  often=(-f 1 -wi 1 -w 100ms -i 1 -r 100ms)
  few=("${often[@]}")
fi

# What is measured, its name, and how.
measure() {
  "${JAVA25_HOME:+$JAVA25_HOME/bin/}java" -jar target/benchmarks.jar "$1" \
    -rf json -rff "results/pager-$2.json" -jvmArgs "$A" "${@:3}"
}

{
  measure 'CommitBenchmark' commits "${often[@]}"
  measure 'PagerBenchmark.(get|getId|getAndSet|getAnywhere|subPageAlloc|subPagePair)$' memory \
    "${few[@]}" -p medium=TMPFS -p live=1000,100000
  measure 'PagerBenchmark.(allocNone|pairNone|pairAnywhere|bulkPair|protectedCommit)$' changes \
    "${few[@]}" -p live=1000,100000
  measure 'LmdbBenchmark.(pairSync|bulkPair|get|getAnywhere)$' lmdb "${few[@]}" -p live=1000,100000
  measure '(Pager|Lmdb)Benchmark.reopen$' open -f 1 -p live=1000,100000
  measure 'PagerBenchmark.(allocNone|pairAnywhere|bulkPair|getAnywhere|subPageAlloc)$' huge \
    "${few[@]}" -p medium=TMPFS -p live=10000000
  measure 'PagerBenchmark.(allocNone|bulkPair)$' huge-disk "${few[@]}" -p medium=DISK -p live=10000000
  measure 'PagerBenchmark.reopen$' huge-open -f 1 -p live=10000000
} | tee results/pager.txt | grep --line-buffered -E '^(Benchmark |[A-Za-z]+Benchmark\.|$)'
