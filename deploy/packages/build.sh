#!/usr/bin/env bash
# Makes a .deb and a .tar.xz of the built program with the libraries that it needs, so that both install with no network at all.
#
#   deploy/packages/build.sh ARCH [BUILD_DIR] [OUT_DIR]      amd64: build/release; arm64: build/release-arm64; build/packages
#
# Libraries come from where the program was linked: the machine, or build/sysroot-ARCH (sysroot.sh). The same program gives the same bytes:
# every time in them is $SOURCE_DATE_EPOCH, or the commit's.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

readonly arch=${1:?amd64 or arm64}
case $arch in
    amd64) triplet=x86_64-linux-gnu sysroot="" preset=release run=() ;;
    arm64)
        triplet=aarch64-linux-gnu sysroot=$PWD/build/sysroot-arm64 preset=release-arm64
        run=(qemu-aarch64-static -L "$sysroot")
        ;;
    *) echo "${0##*/}: amd64 or arm64, not '$arch'" >&2 && exit 2 ;;
esac
readonly build=${2:-build/$preset} out=${3:-build/packages}
readonly from=deploy/packages/debian

# What a Debian 12 without anything has: the .deb takes it from there. The first line is every glibc's, so the tar takes it too.
is_glibc() { [[ $1 == @(ld-linux*|libc|libm|libdl|librt|libpthread|libresolv).so* ]]; }
is_base() { is_glibc "$1" || [[ $1 == @(libstdc++|libgcc_s).so* ]]; }

# collect FILE FOLDER IS_THERE: what FILE needs, and what that needs, but for what is there.
collect() {
    local name
    while read -r name; do
        if "$3" "$name" || [[ -e $2/$name ]]; then continue; fi
        install -D -m 644 "$sysroot/usr/lib/$triplet/$name" "$2/$name"
        collect "$2/$name" "$2" "$3"
    done < <(readelf --dynamic --wide "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
}

# Each library's package has its licence text; those of one source have the same.
copy_licences() {
    local package source
    awk -F '"' '$2 == "name" { name = $4 } $2 == "sourceInfo" { split($4, word, "[ ;]"); print name, word[3] }' \
        "$1/sbom.spdx.json" | while read -r package source; do
        install -D -m 644 "$sysroot/usr/share/doc/$package/copyright" "$1/libraries/$source"
    done
}

# make_root ROOT IS_THERE: what both packages have.
make_root() {
    local doc=$1/usr/share/doc/imece
    install -D -m 755 "$build/imece" "$1/usr/bin/imece"
    llvm-strip-19 --strip-all "$1/usr/bin/imece"
    collect "$1/usr/bin/imece" "$1/usr/lib/imece" "$2"
    install -D -m 644 -t "$doc" NOTICE docs/errors.md docs/settings.md docs/privacy.md
    # Its links lead into the repository, which is not there.
    sed 's/\[\([^]]*\)\]([^)]*)/\1/g' deploy/packages/README.md >"$doc/README.md"
    DPKG_ADMINDIR=${sysroot:-}/var/lib/dpkg python3 tools/sbom.py imece "$version" "$1" "$sysroot/" >"$doc/sbom.spdx.json"
    copy_licences "$doc"
}

# All that can be told, as the program itself tells it, and nothing told yet.
config_file() {
    echo "# What imece starts with. Each key stands here with its default: take the # before it away to change it, and then"
    echo "#     imece config check --config /etc/imece/imece.toml && systemctl restart imece"
    echo
    env -i PATH="$PATH" "${run[@]}" "$build/imece" config print | sed 's/^\([a-z_]* = \)/#\1/'
}

changelog() {
    printf 'imece (%s) stable; urgency=medium\n\n' "$version"
    # Of each note what stands before its list.
    awk 'FNR == 1 { printf "%s  *", (NR > 1 ? "\n" : ""); first = 1 } /^(-|$)/ { first = 0 } first { printf " %s", $0 } END { print "" }' \
        CHANGES/0*.md | sed 's/\[\([^]]*\)\]([^)]*)/\1/g' | fold --spaces --width=76 | sed 's/^\([^ ]\)/    \1/; s/ *$//'
    printf '\n -- imece maintainers <maintainers@imece.example>  %s\n' "$(date --utc --rfc-email --date "@$SOURCE_DATE_EPOCH")"
}

control() {
    sed "s/@VERSION@/$version/; s/@ARCH@/$arch/; s/@SIZE@/$(du --summarize --apparent-size --block-size=1024 "$1" | cut -f1)/" "$from/control"
}

# settle ROOT: owners' rights and times that do not depend on who builds and when.
settle() {
    find "$1" -type d -exec chmod 755 {} +
    find "$1" -exec touch --no-dereference --date "@$SOURCE_DATE_EPOCH" {} +
}

make_deb() {
    local root=$scratch/deb
    make_root "$root" is_base
    install -D -m 644 -t "$root/usr/lib/systemd/system" "$from/imece.service"
    install -D -m 644 "$from/lintian-overrides" "$root/usr/share/lintian/overrides/imece"
    install -D -m 644 "$from/copyright" "$root/usr/share/doc/imece/copyright"
    changelog | gzip --best --no-name >"$root/usr/share/doc/imece/changelog.gz"
    install -d "$root/etc/imece"
    config_file >"$root/etc/imece/imece.toml"
    control "$root" >"$scratch/control"
    install -D -m 644 -t "$root/DEBIAN" "$scratch/control"
    install -m 755 -t "$root/DEBIAN" "$from"/{postinst,prerm,postrm}
    echo /etc/imece/imece.toml >"$root/DEBIAN/conffiles"
    (cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
    settle "$root"
    dpkg-deb --root-owner-group --threads-max=1 --build "$root" "$out/imece_${version}_$arch.deb" >/dev/null
}

make_tar() {
    local name=imece-$version-$arch root=$scratch/tar
    make_root "$root" is_glibc
    mv "$root/usr" "$root/$name"
    # A library's text may say that the rest of it is among Debian's common ones.
    mkdir "$root/$name/share/doc/imece/common-licenses"
    cp --dereference /usr/share/common-licenses/* "$root/$name/share/doc/imece/common-licenses/"
    cp LICENSE "$root/$name/share/doc/imece/README.md" "$root/$name/"
    sed 's,/usr/bin/imece,/opt/imece/bin/imece,' "$from/imece.service" >"$root/$name/imece.service"
    config_file >"$root/$name/imece.toml"
    settle "$root"
    tar --create --sort=name --owner=0 --group=0 --numeric-owner --directory "$root" "$name" |
        xz --threads=1 >"$out/$name.tar.xz"
}

[[ -x $build/imece ]] || { echo "${0##*/}: $build has no imece" >&2 && exit 1; }
umask 022
export LC_ALL=C SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
version=$("${run[@]}" "$build/imece" --version)
mkdir -p "$out"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
rm -f "$out"/imece_*"$arch.deb" "$out"/imece-*"$arch.tar.xz"
make_deb
make_tar
cd "$out"
sha256sum imece_*.deb imece-*.tar.xz >SHA256SUMS
ls -l --block-size=kB imece_*"$arch.deb" imece-*"$arch.tar.xz"
