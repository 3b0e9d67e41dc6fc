#!/usr/bin/env bash
# Plants each bug of this folder into a copy of the tree, and expects the tests to fail.
#
#   tests/planted/run.sh                    every patch
#   tests/planted/run.sh chunk-1 cache-2    those whose names begin so
#
# First the core's own tests look, and only where they see nothing the properties and the
# simulation. All of them must be content before anything is planted: a test that fails anyway
# catches nothing. A patch that no longer applies, or no longer compiles, is a failure too: plant the bug
# anew. The copy and what is built from it stay in the target folder, so that a patch costs no more
# than what it changes.
set -euo pipefail
root="$(cd "$(dirname "$0")/../.." && pwd)"
target="${CARGO_TARGET_DIR:-$root/target}/planted"
copy="$target/tree"
export CARGO_TARGET_DIR="$target"
looks=(
    # Most bugs end here, so the core is built anew as fast as can be.
    "env CARGO_PROFILE_DEV_OPT_LEVEL=0 cargo test -q -p headcount-core --lib --test session --test cache"
    "cargo test -q -p headcount-sim --test properties"
    "cargo test -q -p headcount-sim --test simulation"
)
# The longest that one look may take, in seconds: a bug may well make a test wait for ever.
patience=1800

patches=()
for patch in "$root"/tests/planted/*.patch; do
    name="$(basename "$patch")"
    [ $# -gt 0 ] || patches+=("$patch")
    for wanted in "$@"; do
        [[ "$name" != "$wanted"* ]] || patches+=("$patch")
    done
done

rm -rf "$copy"
mkdir -p "$copy"
(cd "$root" && git ls-files -z | xargs -0 tar cf -) | tar xf - -C "$copy"
cd "$copy"
# Cargo looks at times: whatever an earlier run left planted is built anew.
find core -name '*.rs' -exec touch {} +

# Who notices the bug, and how; nothing if nobody does.
noticed() {
    for look in "${looks[@]}"; do
        if ! timeout "$patience" $look > "$target/output" 2>&1; then
            grep -m1 -oE '^(seed [0-9]+: .*|test .* FAILED|---- .* stdout ----)' "$target/output" \
                || echo "${look#*cargo test -q }"
            return
        fi
    done
}

how="$(noticed)"
[ -z "$how" ] || { echo "fails with nothing planted: $how"; exit 1; }
echo "passes with nothing planted"

caught=0
missed=()
for patch in "${patches[@]}"; do
    name="$(basename "$patch" .patch)"
    file="$(sed -n 's|^+++ b/||p' "$patch")"
    if ! patch -s -p1 < "$patch" > "$target/output"; then
        echo "does not apply: $name"
        missed+=("$name")
        continue
    fi
    touch $file
    if ! ${looks[0]} --no-run 2> "$target/output"; then
        echo "does not compile: $name"
        missed+=("$name")
    else
        how="$(noticed)"
        if [ -n "$how" ]; then
            echo "caught: $name: ${how:0:120}"
            caught=$((caught + 1))
        else
            echo "NOT CAUGHT: $name"
            missed+=("$name")
        fi
    fi
    patch -s -R -p1 < "$patch"
    touch $file
    find core -name '*.orig' -delete
done
echo "$caught caught, ${#missed[@]} not"
[ ${#missed[@]} -eq 0 ]
