"""Writes a container image as an archive for `docker load`, byte for byte the same for the same files.

    image.py ARCHIVE REFERENCE COMMAND SPEC

COMMAND is the image's default command, a JSON array. SPEC is a file of lines: PATH<TAB>MODE<TAB>SOURCE puts the local
file SOURCE at PATH, with `->TARGET` as SOURCE a symbolic link, and with `/` a directory.

One layer, all times zero, all files owned by root: the image's id is the hash of its content and of nothing else.
"""

import hashlib
import io
import json
import sys
import tarfile

EPOCH = "1970-01-01T00:00:00Z"


def entry(name, mode, kind=tarfile.REGTYPE, size=0, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.size, info.linkname = kind, mode, size, target
    info.mtime = info.uid = info.gid = 0
    info.uname = info.gname = ""
    return info


def write_layer(out, spec):
    files, directories = {}, {}
    for line in spec:
        if not line.strip():
            continue
        path, mode, source = line.rstrip("\n").split("\t")
        path = path.strip("/")
        (directories if source == "/" else files)[path] = (int(mode, 8), source)
        for parent in range(1, path.count("/") + 1):
            directories.setdefault("/".join(path.split("/")[:parent]), (0o755, "/"))
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path in sorted(directories):
            tar.addfile(entry(path, directories[path][0], tarfile.DIRTYPE))
        for path in sorted(files):
            mode, source = files[path]
            if source.startswith("->"):
                tar.addfile(entry(path, 0o777, tarfile.SYMTYPE, target=source[2:]))
            else:
                with open(source, "rb") as content:
                    size = content.seek(0, io.SEEK_END)
                    content.seek(0)
                    tar.addfile(entry(path, mode, size=size), content)


def main():
    archive, reference, command, spec = sys.argv[1:]
    layer = io.BytesIO()
    with open(spec, encoding="utf-8") as lines:
        write_layer(layer, lines)
    diff_id = hashlib.sha256(layer.getbuffer()).hexdigest()
    config = json.dumps(
        {
            "architecture": "amd64",
            "config": {"Cmd": json.loads(command), "Env": ["PATH=/bin"], "User": "65534:65534", "WorkingDir": "/"},
            "created": EPOCH,
            "history": [{"created": EPOCH, "created_by": "jobs/build"}],
            "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{diff_id}"]},
        },
        sort_keys=True,
        separators=(",", ":"),
    ).encode()
    config_name = hashlib.sha256(config).hexdigest() + ".json"
    layer_name = f"{diff_id}/layer.tar"
    manifest = json.dumps([{"Config": config_name, "RepoTags": [reference], "Layers": [layer_name]}]).encode()
    with tarfile.open(archive, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        tar.addfile(entry(diff_id, 0o755, tarfile.DIRTYPE))
        for name, content in [(layer_name, layer.getvalue()), (config_name, config), ("manifest.json", manifest)]:
            tar.addfile(entry(name, 0o644, size=len(content)), io.BytesIO(content))


main()
