#!/usr/bin/env bash
# Plants each bug of this folder into a copy of the tree, and expects the tests to fail.
#
#   tests/mutants/planted/run.sh                    every patch
#   tests/mutants/planted/run.sh chunk-1 cache-2    those whose names begin so
#
# First the core's own tests look at every bug, then the properties and the simulation at those that
# are left. Each must be content before anything is planted: a test that fails anyway catches
# nothing. A patch that no longer applies, or no longer compiles, is a failure too: plant the bug
# anew. The copy and what is built from it stay in the target folder, so that a patch costs no more
# than what it changes.
set -euo pipefail
root="$(cd "$(dirname "$0")/../../.." && pwd)"
target="${CARGO_TARGET_DIR:-$root/target}/planted"
copy="$target/tree"
export CARGO_TARGET_DIR="$target"
looks=(
    # Most bugs end here, so the core is built anew as fast as can be.
    "env CARGO_PROFILE_DEV_OPT_LEVEL=0 cargo test -q -p headcount-core --lib --test session --test cache --test lease"
    "cargo test -q -p headcount-sim --test properties"
    "cargo test -q -p headcount-sim --test simulation"
)
# The longest that one look may take, in seconds: a bug may well make a test wait for ever.
patience=1800

patches=()
for patch in "$root"/tests/mutants/planted/*.patch; do
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

fits() { $1 --no-run > "$target/output" 2>&1; }
passes() { timeout "$patience" $1 > "$target/output" 2>&1; }

# Plants a bug, or with -R takes it out again.
plant() {
    patch -s -p1 "$@" < "$patch" > "$target/output" || return 1
    touch $(sed -n 's|^+++ b/||p' "$patch")
    find core -name '*.orig' -delete
}

failed=0
for look in "${looks[@]}"; do
    [ ${#patches[@]} -gt 0 ] || break
    passes "$look" || { cat "$target/output"; echo "fails with nothing planted: $look"; exit 1; }
    unseen=()
    for patch in "${patches[@]}"; do
        name="$(basename "$patch" .patch)"
        if ! plant; then
            echo "does not apply: $name"
            failed=$((failed + 1))
            continue
        fi
        if ! fits "$look"; then
            echo "does not compile: $name"
            failed=$((failed + 1))
        elif passes "$look"; then
            unseen+=("$patch")
        else
            how="$(grep -a -m1 -oE '^(seed [0-9]+: .*|---- .* stdout ----)' "$target/output" || true)"
            how="${how:-${look#*cargo test -q }}"
            echo "caught: $name: ${how:0:120}"
        fi
        plant -R
    done
    patches=("${unseen[@]}")
done
for patch in "${patches[@]}"; do
    echo "NOT CAUGHT: $(basename "$patch" .patch)"
    failed=$((failed + 1))
done
[ "$failed" -eq 0 ]
