#!/usr/bin/env bash
# Measures which lines of the core and the driver the tests run, unit tests' own lines left out.
#
#   tests/suites/coverage.sh                 all tests of the workspace but the documentation's
#   tests/suites/coverage.sh -p headcount-core --lib    what these arguments of `cargo test` name
#
# Prints a line per crate and the lines of each file that no test has run. COVERAGE.md says why.
# Needs `rustup component add llvm-tools`. Only the workspace's own crates are built anew.
set -euo pipefail
cd "$(dirname "$0")/.."
what=("$@")
[ $# -gt 0 ] || what=(--workspace --lib --bins --tests)
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}" CARGO_INCREMENTAL=0
scratch="$CARGO_TARGET_DIR/coverage"
tools="$(rustc --print target-libdir)/../bin"
rm -rf "$scratch/raw"
mkdir -p "$scratch/raw"
printf '#!/bin/sh\nexec "$@" -Cinstrument-coverage\n' > "$scratch/rustc"
chmod +x "$scratch/rustc"
export RUSTC_WORKSPACE_WRAPPER="$scratch/rustc" LLVM_PROFILE_FILE="$scratch/raw/%m-%p.profraw"

cargo test "${what[@]}" --no-run --message-format json-render-diagnostics \
    | grep -oE '"executable":"[^"]+"' | cut -d'"' -f4 > "$scratch/programs"
cargo test -q --no-fail-fast "${what[@]}" > "$scratch/output" 2>&1 \
    || { grep -E '^test .* FAILED|panicked at' "$scratch/output"; echo "some tests fail"; }

"$tools/llvm-profdata" merge -sparse "$scratch/raw" -o "$scratch/all.profdata"
mapfile -t objects < <(sed 's/^/--object=/' "$scratch/programs")
"$tools/llvm-cov" export --format=lcov --instr-profile="$scratch/all.profdata" "${objects[@]}" \
    --ignore-filename-regex='/(registry|rustc)/' > "$scratch/lines"

# Modules of unit tests: those in files of their own by path, those at the foot by their line.
tests="$(grep -rA1 '^#\[cfg(test)\]' core/src adapters/driver/src --include='*.rs' \
    | sed -nE 's#^(.*)[.]rs-(pub.*)?mod ([a-z_]+);#\1/\3[.]rs#p' | paste -sd'|')"
awk -F'[:,]' -v root="$PWD/" -v tests="^($tests)\$" '
    $1 == "SF" {
        file = substr($2, index($2, root) ? length(root) + 1 : 1)
        crate = ""
        if (file ~ tests) next
        if (file ~ /^core\/src\//) crate = "headcount-core"
        if (file ~ /^adapters\/driver\/src\//) crate = "headcount-driver"
        foot = 1e9
        at = 0
        if (crate != "") while ((getline text < $2) > 0) {
            at++
            if (text == "#[cfg(test)]" && foot == 1e9) foot = at
            if (text ~ /^mod [a-z_]+;/ && foot == at - 1) foot = 1e9
        }
        close($2)
    }
    $1 == "DA" && crate != "" && $2 < foot {
        all[crate]++
        if ($3 > 0) ran[crate]++
        else missing[file] = missing[file] " " $2
    }
    END {
        for (crate in all)
            printf "%s: %d of %d lines, %.1f %%\n", crate, ran[crate], all[crate],
                100 * ran[crate] / all[crate]
        for (file in missing) print "  " file ":" missing[file]
    }
' "$scratch/lines" | sort
