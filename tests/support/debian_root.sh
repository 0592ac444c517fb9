# shellcheck shell=bash
# A Debian of its own in a folder, for tests that need another release than this machine's, or one with nothing installed.
#
#   debian_root SUITE FOLDER      makes it, or ends the test with 77 and the cause. MOSAIC_DEBIAN_ROOTS names a folder that
#                                 keeps such systems (MOSAIC_DEBIAN_ROOTS/SUITE) from one run of a test to the next.
#   debian_install PACKAGE...     installs packages there
#   in_debian COMMAND...          runs a command there, as root, with /proc and /dev where mounting is permitted
# root: the folder.

skip() { echo "skipped: $*"; exit 77; }

debian_root() {
  local suite=$1
  root=${MOSAIC_DEBIAN_ROOTS:+$MOSAIC_DEBIAN_ROOTS/$suite}
  root=${root:-$2}
  [ "$(id -u)" = 0 ] || skip "only root can make a Debian in a folder"
  command -v debootstrap >/dev/null || skip "no debootstrap (scripts/setup.sh --long)"
  if [ ! -e "$root/made" ]; then
    mkdir -p "$root"
    debootstrap --variant=minbase "$suite" "$root" "${MOSAIC_DEBIAN_MIRROR:-http://deb.debian.org/debian}" >"$root.log" 2>&1 ||
      skip "debootstrap $suite: $(tail -n 1 "$root.log")"
    cp /etc/resolv.conf "$root/etc/"
    echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/unsafe-io" # a system that lives for minutes
    touch "$root/made"
  fi
  # Mounts in a namespace of their own are gone with the command: nothing of this machine is below the folder when it is removed.
  mounts=no
  if unshare --mount --propagation private true 2>/dev/null; then mounts=yes; fi
  in_debian true >/dev/null 2>&1 || skip "chroot is not permitted here"
  in_debian apt-get update -q >"$root.log" 2>&1 || skip "no package lists of Debian $suite: $(tail -n 1 "$root.log")"
}

in_debian() {
  # shellcheck disable=SC2016 # expanded inside
  local mount='mount -t proc proc "$1/proc"; mount --rbind /dev "$1/dev"; exec chroot "$@"'
  [ "$mounts" = yes ] || mount='exec chroot "$@"'
  local enter=(bash -c "$mount" - "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
    CCACHE_DIR=/var/cache/ccache MOSAIC_REAL_DATA= OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1)
  if [ "$mounts" = yes ]; then enter=(unshare --mount --propagation private "${enter[@]}"); fi
  "${enter[@]}" "$@" </dev/null
}

debian_install() {
  in_debian apt-get install -y -q --no-install-recommends "$@" >"$root.log" 2>&1 ||
    { tail -n 20 "$root.log"; echo "FAILED: packages of Debian cannot be installed"; exit 1; }
}
