#!/bin/sh
# Runs a plan against a target and leaves what a CI system publishes. The same for every system.
#
#   pruefstand.sh PLAN ORGANISATION TARGET OUT
#
# OUT/junit.xml and OUT/report.html are the results of this run, OUT/lauf-*/ is its folder with all
# evidence. They are kept whatever the result is; results of an earlier run never pass for this one's.
# `pruefstand` must be on the path, or PRUEFSTAND names it.
#
# Exit code: 0 passed; 1 failed (nicht bestanden); 2 inconclusive (nicht durchführbar). Both fail the
# job. 64 and above: nothing was judged, the last line says why.
set -u

if [ "$#" -ne 4 ]; then
  echo "usage: pruefstand.sh PLAN ORGANISATION TARGET OUT" >&2
  exit 64
fi
plan=$1 organisation=$2 target=$3 out=$4
pruefstand=${PRUEFSTAND:-pruefstand}
run="$out/lauf-$(date -u +%Y%m%dT%H%M%SZ)-$$"

say() {
  echo "pruefstand.sh: $1"
  # Where GitHub Actions shows a summary of the job.
  if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
    echo "Prüfstand: $1" >>"$GITHUB_STEP_SUMMARY"
  fi
}

if ! command -v "$pruefstand" >/dev/null 2>&1; then
  say "not found: $pruefstand; put it on the path, or set PRUEFSTAND"
  exit 69
fi
mkdir -p "$out" && rm -f "$out/junit.xml" "$out/report.html" || exit 73

"$pruefstand" preflight --plan "$plan" --organisation "$organisation" --target "$target"
code=$?
if [ "$code" -eq 0 ]; then
  "$pruefstand" run --plan "$plan" --organisation "$organisation" --target "$target" --out "$run"
  code=$?
fi

for result in junit.xml report.html; do
  if [ -f "$run/$result" ]; then
    cp "$run/$result" "$out/$result" || exit 73
  fi
done

# Whoever judged has left the results; without them there is no verdict, whatever the code says.
if [ "$code" -le 2 ] && { [ ! -s "$out/junit.xml" ] || [ ! -s "$out/report.html" ]; }; then
  say "there is no result, although the program ended with $code"
  code=70
fi

case $code in
  0) say "passed (bestanden); report: $out/report.html" ;;
  1) say "FAILED (nicht bestanden): the target broke a MUSS requirement; report: $out/report.html" ;;
  2) say "INCONCLUSIVE (nicht durchführbar): not everything could be judged, so nothing is proven; report: $out/report.html" ;;
  64 | 65) say "NOT RUN: wrong usage, a bad file or a fault of the configuration (exit $code); see above" ;;
  69) say "NOT RUN: the target cannot be reached or started (exit 69); see above" ;;
  130 | 143) say "STOPPED (exit $code); the evidence so far is in $out" ;;
  *) say "NOT RUN: fault of the test bench (exit $code); see above" ;;
esac
exit "$code"
