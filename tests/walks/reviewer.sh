#!/usr/bin/env bash
# A reviewer of a paper, with `swadaya` and its extra `publish` installed, in an empty folder: reviewer.sh PAPER.zip
# Published results that are named after the package are run again at the end: reviewer.sh PAPER.zip poverty_traps
set -euo pipefail
package=$1; shift

said() { # said WORDS COMMAND...: the command must succeed and print the words
  local words=$1; shift
  "$@" >last.txt 2>&1 && grep -qF -- "$words" last.txt || { echo "walk: '$*' does not say '$words':"; cat last.txt; exit 1; }
}

# What is the model, in the form that journals ask for?
said "Tipping is a hypothesis" swadaya explain odd
grep -q "^### 3.4 Submodels" last.txt

# Which published figure is held against which column, and what is missing?
said "(decides)" swadaya explain outcomes
# What does it say of the article's own sentences?
said "No verdict is about Indonesia." bash -c "swadaya explain article | tr -s '\n ' ' '"

# The authors sent a replication package. Does it give what they say?
said "identical" swadaya reproduce "$package"

# A package that somebody has touched is refused, and told which file.
mkdir opened
python -m zipfile -e "$package" opened
file=$(find opened -name series.csv -o -name headline.csv | head -1)
echo "1,2,3" >>"$file"
(cd opened && python -m zipfile -c ../touched.zip ./*)
if swadaya reproduce touched.zip >last.txt 2>&1; then echo "walk: a touched package passed"; exit 1; fi
grep -qF "$(basename "$file")" last.txt || { echo "walk: not told which file"; cat last.txt; exit 1; }

for name in "$@"; do
  swadaya reproduce "$name" | tee last.txt
  grep -Eq "identical|equal within tolerance" last.txt
done
echo "the reviewer's walk is done"
