#!/usr/bin/env bash
# Makes a folder with Debian 12's libraries and headers of another architecture, to compile and to run against.
#
#   deploy/packages/sysroot.sh [ARCH] [FOLDER]      arm64, build/sysroot-ARCH
#
# What tools/packages.txt has in the set build, and all that it needs, by apt with a state of its own: the machine's own packages stay as
# they are, and root is not needed. Beside the files lies dpkg's list of them, so that `dpkg-query --admindir FOLDER/var/lib/dpkg` answers.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

readonly arch=${1:-arm64} sysroot=$PWD/${2:-build/sysroot-${1:-arm64}}
readonly mirror=${DEBIAN_MIRROR:-http://deb.debian.org}
readonly state=$sysroot.apt key=/usr/share/keyrings/debian-archive-keyring.gpg

apt() {
    apt-get -qq -o APT::Architecture="$arch" -o APT::Architectures::="$arch" -o APT::Sandbox::User=root \
        -o Dir::State="$state" -o Dir::State::Status="$state/status" -o Dir::Cache="$state" \
        -o Dir::Etc::SourceList="$state/sources.list" -o Dir::Etc::SourceParts=/dev/null "$@"
}

# unpack FILE.deb: its files, and the entries that dpkg would write.
unpack() {
    local name
    dpkg-deb --fsys-tarfile "$1" | tar --extract --keep-directory-symlink --directory "$sysroot.new"
    name=$(dpkg-deb --field "$1" Package)
    [[ $(dpkg-deb --field "$1" Multi-Arch) != same ]] || name+=:$arch
    dpkg-deb --fsys-tarfile "$1" | tar --list | sed 's,^\.,,; s,/$,,; s,^$,/.,' >"$sysroot.new/var/lib/dpkg/info/$name.list"
    { dpkg-deb --field "$1"; printf 'Status: install ok installed\n\n'; } >>"$sysroot.new/var/lib/dpkg/status"
}

[[ ! -d $sysroot ]] || exit 0
rm -rf "$sysroot.new"
mkdir -p "$state"/{lists,archives}/partial "$sysroot.new"/var/lib/dpkg/info "$sysroot.new"/usr/{bin,lib,sbin}
# As Debian has them, so that a path is the same file whichever way it is written.
for folder in bin lib sbin; do ln -s "usr/$folder" "$sysroot.new/$folder"; done
: >"$state/status"
echo 1 >"$sysroot.new/var/lib/dpkg/info/format" # Names of files there may have an architecture.
printf "deb [signed-by=$key] $mirror/%s main\n" "debian bookworm" "debian bookworm-updates" \
    "debian-security bookworm-security" >"$state/sources.list"
# The compiler brings its own of these on the machine's architecture.
packages=(libstdc++-12-dev)
while read -r set package _; do
    [[ $set != build || $package != @(lib*|prometheus*) ]] || packages+=("$package")
done <tools/packages.txt
apt update
apt install --yes --no-install-recommends --download-only "${packages[@]}"
for file in "$state"/archives/*.deb; do unpack "$file"; done
# Links to the root would lead out of the folder.
find "$sysroot.new" -lname '/*' -printf '%l %p\n' | while read -r target link; do
    ln --symbolic --relative --force "$sysroot.new$target" "$link"
done
mv "$sysroot.new" "$sysroot"
rm -rf "$state"
