#!/usr/bin/env bash
# Makes an image of each built program, from nothing: the program, the libraries that it links, certificates of authorities, a user
# without rights. No shell, no package manager, nothing else; the list of it all is in the image (SPDX) and beside it.
#
#   deploy/containers/build.sh [BUILD_DIR] [OUT_DIR]      build/release, build/images
#
# Tags imece and imece-SERVICE with :VERSION and :latest, and prints their sizes. Needs buildah.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

readonly build=${1:-build/release} out=${2:-build/images}
readonly user=65532 # Nobody's on Debian, as is the custom for images without a distribution.
readonly programs=(imece imece-{identity,discovery,messaging,ledger,security,analytics,config,gateway})

# A file at the place where the loader looks for it. Links become what they point to.
put() {
    mkdir -p "$2$(dirname "$1")"
    cp --dereference --preserve=mode "$1" "$2$1"
}

# What the dynamic linker would load, the linker itself included.
libraries_of() { ldd "$1" | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p; s/^[[:space:]]*\(\/[^ ]*\) .*/\1/p' | sort -u; }

make_root() {
    local program=$1 root=$2 library
    mkdir -p "$root"/{etc,run/imece,usr/bin,usr/share/doc/imece,var/lib/imece}
    install -m 755 "$build/$program" "$root/usr/bin/$program"
    strip --strip-unneeded "$root/usr/bin/$program"
    while read -r library; do put "$library" "$root"; done < <(libraries_of "$build/$program")
    put /etc/ssl/certs/ca-certificates.crt "$root"
    printf 'imece:x:%s:%s:imece:/var/lib/imece:/nonexistent\n' "$user" "$user" >"$root/etc/passwd"
    printf 'imece:x:%s:\n' "$user" >"$root/etc/group"
    cp LICENSE NOTICE "$root/usr/share/doc/imece/"
    python3 tools/sbom.py "$program" "$version" "$root" >"$root/usr/share/doc/imece/sbom.spdx.json"
    chmod 700 "$root"/{run/imece,var/lib/imece}
    chown "$user:$user" "$root"/{run/imece,var/lib/imece}
}

# The same files give the same image: no time of today is in it.
make_image() {
    local program=$1 root=$2 container
    container=$(buildah from scratch)
    # An archive keeps who owns what.
    tar --create --file "$root.tar" --sort name --mtime @0 --numeric-owner --directory "$root" .
    buildah add --quiet "$container" "$root.tar" / >/dev/null
    buildah config --user "$user:$user" --workingdir /var/lib/imece --volume /var/lib/imece \
        --env IMECE_DATA=/var/lib/imece --entrypoint "[\"/usr/bin/$program\"]" --stop-signal SIGTERM \
        --label "org.opencontainers.image.title=$program" \
        --label "org.opencontainers.image.version=$version" \
        --label org.opencontainers.image.licenses=Apache-2.0 "$container"
    [[ $program != imece ]] || buildah config --cmd '["serve"]' --port 8080 --port 7310 "$container"
    buildah commit --quiet --rm --timestamp 0 "$container" "$program:$version" >/dev/null
    buildah tag "$program:$version" "$program:latest"
}

command -v buildah >/dev/null || { echo "${0##*/}: buildah is missing (apt-get install buildah)" >&2; exit 1; }
[[ -x $build/imece ]] || { echo "${0##*/}: $build has no imece: ./dev build release" >&2; exit 1; }
version=$("$build/imece" --version)
mkdir -p "$out"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

printf '%-20s %9s %6s\n' image size files
for program in "${programs[@]}"; do
    root=$scratch/$program
    make_root "$program" "$root"
    make_image "$program" "$root"
    cp "$root/usr/share/doc/imece/sbom.spdx.json" "$out/$program.spdx.json"
    printf '%-20s %6s MB %6s\n' "$program" "$(du --summarize --block-size=1000000 "$root" | cut -f1)" \
        "$(find "$root" -type f | wc -l)"
    rm -rf "$root" "$root.tar"
done | tee "$out/sizes.txt"
