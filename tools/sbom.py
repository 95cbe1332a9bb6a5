#!/usr/bin/env python3
"""sbom.py PROGRAM VERSION ROOT [SYSROOT]: what is in an image's or a package's file tree, as SPDX 2.3 JSON on standard output.

Each file that Debian shipped is told by its package; a file that no package has, and that is not ours, is an error: nothing
unknown goes into an image. SYSROOT is where the files came from, where that is not the machine itself; $DPKG_ADMINDIR then has its packages.
"""

import glob
import hashlib
import json
import os
import subprocess
import sys

OURS = ("usr/bin/imece", "usr/share/doc/imece/", "etc/passwd", "etc/group")
# Where a package keeps the libraries that it brings along.
PRIVATE = "usr/lib/imece/"
# Made on the machine from a package's files.
MADE_BY = {"etc/ssl/certs/ca-certificates.crt": "ca-certificates"}


def files_of(root):
    for folder, _, names in os.walk(root):
        for name in names:
            yield os.path.relpath(os.path.join(folder, name), root)


def dpkg(*arguments):
    return subprocess.run(["dpkg-query", *arguments], capture_output=True, text=True, check=False).stdout


def names_of(path, sysroot):
    """By the name that the loader uses, by where it leads, and by both without Debian's merged /usr."""
    # What lies in a folder of our own has its name still.
    known = glob.glob(f"{sysroot}usr/lib/*-linux-gnu/{os.path.basename(path)}") if path.startswith(PRIVATE) else [sysroot + path]
    names = {"/" + name.removeprefix(sysroot) for path in known for name in (path, os.path.realpath(path))}
    return names | {name.removeprefix("/usr") for name in names} | {"/usr" + name for name in names}


def packages_of(paths, sysroot):
    """Path → package. One question for all of them: each reads the whole of dpkg's lists."""
    owner = {}
    for line in dpkg("--search", *(name for path in paths for name in names_of(path, sysroot))).splitlines():
        package, _, name = line.partition(": ")
        owner[name] = package.split(":")[0]
    found = dict(MADE_BY)
    for path in paths:
        found.setdefault(path, next((owner[name] for name in sorted(names_of(path, sysroot)) if name in owner), None))
    return found


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def document(program, version, root, sysroot="/"):
    packages = {}
    theirs = sorted(path for path in files_of(root) if not path.startswith(OURS))
    found = packages_of(theirs, sysroot)
    for path in theirs:
        if found[path] is None:
            raise SystemExit(f"sbom.py: {path} is of no package")
        packages.setdefault(found[path], []).append(path)
    listed = [{"SPDXID": "SPDXRef-imece", "name": program, "versionInfo": version, "downloadLocation": "NOASSERTION",
               "filesAnalyzed": False, "licenseConcluded": "Apache-2.0", "supplier": "NOASSERTION",
               "checksums": [{"algorithm": "SHA256", "checksumValue": sha256(os.path.join(root, "usr/bin", program))}]}]
    relations = [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",
                  "relatedSpdxElement": "SPDXRef-imece"}]
    for package, paths in sorted(packages.items()):
        has, source, architecture = dpkg("--show", "--showformat", "${Version} ${source:Package} ${Architecture}\n",
                                         package).splitlines()[0].split(" ")
        name = "SPDXRef-" + package.replace("+", "-plus").replace("_", "-")
        listed.append({"SPDXID": name, "name": package, "versionInfo": has, "downloadLocation": "NOASSERTION",
                       "filesAnalyzed": False, "licenseConcluded": "NOASSERTION", "supplier": "Organization: Debian",
                       "sourceInfo": f"source package {source}; files: " + ", ".join("/" + path for path in paths),
                       "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                                         "referenceLocator": f"pkg:deb/debian/{package}@{has}?arch={architecture}"}]})
        relations.append({"spdxElementId": "SPDXRef-imece", "relationshipType": "DEPENDS_ON",
                          "relatedSpdxElement": name})
    return {"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": program,
            "documentNamespace": f"https://imece.example/sbom/{program}/{version}/{listed[0]['checksums'][0]['checksumValue']}",
            "creationInfo": {"created": "1970-01-01T00:00:00Z", "creators": ["Tool: tools/sbom.py"]},
            "packages": listed, "relationships": relations}


if __name__ == "__main__":
    json.dump(document(*sys.argv[1:5]), sys.stdout, indent=1)
    print()
