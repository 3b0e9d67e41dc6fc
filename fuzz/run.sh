#!/usr/bin/env bash
# Runs the fuzz targets, makes their corpus small again, and writes the counts into README.md.
#
#   fuzz/run.sh                       every target, 600 seconds each
#   fuzz/run.sh 60 envelope views     these targets, 60 seconds each
#
# Ends with 1 if a target found something; what it found lies in fuzz/artifacts/<target>/.
# No sanitizer: nothing of ours is `unsafe`, and each run is several times faster without.
set -euo pipefail
cd "$(dirname "$0")"
seconds="${1:-600}"
shift $(( $# > 0 ? 1 : 0 ))
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(sed -n 's/^name = "\([a-z_]*\)"$/\1/p' Cargo.toml)
# How many files a corpus may keep in the repository, and how large each of them may be, in bytes.
files=30
bytes=4096
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT

# The last number behind a word of libFuzzer's output.
last() { grep -oE "$1:? +[0-9]+" "$2" | tail -n 1 | grep -oE '[0-9]+$' || echo 0; }

# Replaces a target's row of the table of runs.
note() {
    local row="| \`$1\` | $2 | $3 | $4 |"
    awk -v row="$row" -v target="| \`$1\` |" '
        /<!-- runs -->/ { inside = 1 }
        /<!-- end of runs -->/ { inside = 0 }
        { print inside && index($0, target) == 1 ? row : $0 }
    ' README.md > "$scratch/README.md"
    cp "$scratch/README.md" README.md
}

found=()
for target in "${targets[@]}"; do
    cargo +nightly fuzz build --sanitizer none "$target"
    grown="$scratch/$target"
    small="$scratch/$target.small"
    log="$scratch/$target.log"
    mkdir -p "$grown" "$small" "corpus/$target"
    options=(-max_total_time="$seconds" -print_final_stats=1 -timeout=25 -rss_limit_mb=4096)
    if ! cargo +nightly fuzz run --sanitizer none "$target" "$grown" "corpus/$target" -- \
        "${options[@]}" -max_len="$bytes" > "$log" 2>&1; then
        found+=("$target")
        grep -E -A 12 'panicked at|ERROR: libFuzzer|Test unit written' "$log" | head -n 60
    fi
    runs="$(last 'stat::number_of_executed_units' "$log")"
    # Keeps as few inputs as reach all that was reached, the shortest first.
    cargo +nightly fuzz run --sanitizer none "$target" "$small" "$grown" "corpus/$target" -- \
        -merge=1 -max_len="$bytes" > "$scratch/merge.log" 2>&1 || true
    regions="$(last 'cov' "$scratch/merge.log")"
    find "corpus/$target" -type f -delete
    find "$small" -type f -size "-$(( bytes + 1 ))c" -printf '%s %p\n' | sort -n \
        | awk -v most="$files" '{ all[NR] = $2 } END {
            step = NR > most ? NR / most : 1
            for (at = 1; at <= NR; at += step) print all[int(at)]
        }' | xargs -r cp -t "corpus/$target"
    note "$target" "$seconds" "$runs" "$regions"
    echo "$target: $runs executions, $regions regions, $(find "corpus/$target" -type f | wc -l) files kept"
done
[ ${#found[@]} -eq 0 ] || { echo "found something: ${found[*]}"; exit 1; }
