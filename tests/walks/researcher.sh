#!/usr/bin/env bash
# A policy researcher, on a computer on which `swadaya` and its extra `publish` have just been installed, in an empty folder.
# Every step is what she would type; a step that does not do what she expects stops the walk.
set -euo pipefail

said() { # said WORDS COMMAND...: the command must succeed and print the words
  local words=$1; shift
  "$@" >last.txt 2>&1 && grep -qF -- "$words" last.txt || { echo "walk: '$*' does not say '$words':"; cat last.txt; exit 1; }
}
refused() { # refused WORDS COMMAND...: the command must end with 2 and say why in one sentence
  local words=$1; shift
  set +e; "$@" >last.txt 2>&1; local code=$?; set -e
  [ $code = 2 ] && grep -qF -- "$words" last.txt || { echo "walk: '$*' ended with $code:"; cat last.txt; exit 1; }
}

# What is there?
said "run a scenario and write its report" swadaya --help
said "Five ways to spend the same money" swadaya show

# She takes the default question and makes it her own: three villages, two lucks, half the money, no test shocks.
swadaya show desa >mine.toml
sed -i -e 's/^villages = 40/villages = 3/' -e 's/^households = 250 /households = 30 /' -e 's/^seeds = 20/seeds = 2/' \
  -e 's/^sets = 10/sets = 1/' -e 's/^dose = 0.04/dose = 0.02/' -e 's/^stress = true/stress = false/' mine.toml
said "3 villages of about 30 households, 80 quarters, 2 seeds, about 0.5 GB of memory" swadaya check mine.toml

# She mistypes a policy, then a number, and is told so.
sed 's/policy = "hybrid"/policy = "hybird"/' mine.toml >wrong.toml
refused 'did you mean "hybrid"?' swadaya check wrong.toml
sed 's/^dose = 0.02/dose = 2/' mine.toml >wrong.toml
refused 'allowed: a number, 0 to 0.5 z per person and quarter' swadaya run wrong.toml
[ ! -e results ] || { echo "walk: a refused scenario left results"; exit 1; }

# She runs it, and finds one page, tables and figures.
said "report: results/mine-" swadaya run mine.toml
folder=$(echo results/mine-*)
for file in report.html series.csv manifest.json tables/headline.csv figures/trajectories.svg; do
  [ -s "$folder/$file" ] || { echo "walk: $folder/$file is missing"; exit 1; }
done
grep -q "2 lucks" "$folder/report.html"

# For the paper she packs them up, so that a reviewer can make them again.
said "package: paper.zip" swadaya package "$folder" --out paper.zip

# What does this programme do, what number is behind it, and who says so?
said "pengembangan" bash -c "swadaya explain policies locality_development | tr A-Z a-z"
said "attends.conformity = 0.1 utility" swadaya explain parameters

# A policy of her own, in a file beside the scenario.
cat >my_policy.py <<'PYTHON'
from sim import Param, policy


@policy(
    label="Cash, then works",
    label_id="Tunai, lalu pekerjaan",
    decides="village meeting",
    flows="cash, then works",
    targets="all",
    level="grassroots",
    loses_when="works earn nothing",
    levers=["works_money", "right_goal"],
)
def cash_then_works(budget, since_start, years=Param(2.0, "years", low=0.0, high=5.0, source="assumption")):
    """Plain cash in the first years, works that the meeting chooses after them."""
    later = since_start >= 4 * years
    return {"works_money": budget * later, "right_goal": 1.0 * later}
PYTHON
printf '\n[[arms]]\npolicy = "cash_then_works"\n' >>mine.toml
refused "cash_then_works" swadaya check mine.toml
said "cash_then_works" swadaya check mine.toml --policy my_policy.py

# From Python, the same in one line, and the two programmes side by side.
python - <<'PYTHON'
import sim

answer = sim.load("mine.toml", ["my_policy.py"]).run()
table = answer.compare("cash_then_works", "social_planning")
assert table["metric"].iloc[0] == "headcount" and table.attrs["arm"] == "cash_then_works"
PYTHON
echo "the researcher's walk is done"
