#!/usr/bin/env bash
# A sweep on a Slurm cluster: an array of tasks, each a shard, and a job after them that puts the shards together.
#
#   config/cluster/slurm.sh 16 /shared/sweep --signals /shared/signals.csv --data /shared/data \
#       --space config/sweep.toml --method random --trials 100000
#
# The first word is the number of tasks, the second the folder of the result, which all nodes must see; the rest is what
# `sim sweep` takes. The result is, to the byte, the one of the same sweep without shards. Prints the numbers of both jobs.
#
# Where: SBATCH_PARTITION, SBATCH_ACCOUNT, SBATCH_TIMELIMIT and the like are read by sbatch itself; SIM names the
# program (default: sim). Logs go to the current folder. What was cut off (time limit, lost node, scancel) goes on where
# it stopped when the same command is given again.

#SBATCH --job-name=sim-sweep
#SBATCH --cpus-per-task=4
#SBATCH --mem=2G
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=sim-sweep-%A_%a.log
set -euo pipefail

sim="${SIM:-sim}"

case "${1:-}" in
task) # Inside the array. Which shard it is, `sim` reads from SLURM_ARRAY_TASK_ID, _COUNT, _MIN and _STEP.
    out=$2
    shift 2
    exec "$sim" sweep "$@" --out "$out" --resume -j "${SLURM_CPUS_PER_TASK:-1}"
    ;;
merge) # After the array.
    exec "$sim" sweep merge "$2" --replace
    ;;
esac

if [[ $# -lt 2 || $1 == *[!0-9]* ]]; then
    sed -n '2,/^$/s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
tasks=$1
out=$2
shift 2
# The shards of another number of tasks are no part of this sweep, and `sim sweep merge` would say so.
array=$(sbatch --parsable --array="1-$tasks" "$0" task "$out" "$@")
array=${array%%;*}
# Runs when every task has succeeded; goes away when one has failed for good.
merge=$(sbatch --parsable --dependency="afterok:$array" --kill-on-invalid-dep=yes --cpus-per-task=1 \
    --job-name=sim-merge --output="sim-merge-%j.log" "$0" merge "$out")
echo "array $array"
echo "merge ${merge%%;*}"
