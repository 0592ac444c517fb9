# shellcheck shell=bash
# Starting ranks in tests, whatever MPI and however few processors. Sourced.

# Sanitizers: MPI keeps memory to the end of the process, and its parts are unloaded before leaks are looked for.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
# Open MPI: root in containers, no reading of each other's memory (they forbid it), no network.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_btl_vader_single_copy_mechanism=none
export OMPI_MCA_btl=self,vader OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
# Its launcher waits a second between asking the other ranks to end and killing them: here they are killed at once.
export OMPI_MCA_odls_base_sigkill_timeout=0
export OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_plm_rsh_agent=/bin/true PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe

skip() {
  echo "skipped: $*"
  exit 77
}

# find_mpirun NAME: sets mpirun to the launcher of openmpi or mpich, which may not be the default one.
find_mpirun() {
  local name=$1 one
  for one in "mpirun.$name" mpirun; do
    command -v "$one" >/dev/null || continue
    case "$name:$("$one" --version 2>&1 | head -n 3)" in
      openmpi:*Open\ MPI* | openmpi:*OpenRTE* | mpich:*HYDRA*) mpirun=$one; return 0 ;;
    esac
  done
  skip "no mpirun of $name (Debian: openmpi-bin, mpich)"
}

# rank_of RANK WORDS: the process that is this rank of the run whose command line has these words.
rank_of() {
  local rank=$1 pid
  shift
  for pid in $(pgrep -f -- "$*( |\$)"); do
    ! tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null | grep -qE "^(OMPI_COMM_WORLD_RANK|PMI_RANK)=$rank\$" || { echo "$pid"; return 0; }
  done
}

# until_so SECONDS COMMAND...: waits until it succeeds.
until_so() {
  local i left=$(($1 * 50))
  shift
  for ((i = 0; i < left; i++)); do
    ! "$@" >/dev/null 2>&1 || return 0
    sleep 0.02
  done
  return 1
}

# begin NAME SECONDS: finds the launcher of NAME, sets the limit of a start, and goes to a folder that is removed at the end.
begin() {
  find_mpirun "$1"
  # what a launcher ends with when a rank was killed
  case $1 in openmpi) export killed_code=137 ;; mpich) export killed_code=9 ;; esac
  export limit=$2
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  cd "$scratch" || exit 1
}

# ranks N COMMAND...: its exit code; a hang becomes one after $limit seconds, two minutes where it is not set.
ranks() {
  local n=$1
  shift
  timeout -k 5 "${limit:-120}" "$mpirun" -n "$n" "$@"
}

fail() {
  echo "FAILED: $*" >&2
  exit 1
}
