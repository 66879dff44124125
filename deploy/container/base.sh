#!/bin/sh
# Makes a base image like the public Node image (slim), only from packages of Debian and npm. Use it on a machine that cannot
# reach an image registry. It needs root, the Debian packages buildah and mmdebstrap, and npm of any Node.
#
#   deploy/container/base.sh localhost/node:24-slim
#   buildah build --build-arg BASE=localhost/node:24-slim -f deploy/container/Dockerfile -t loan-engine .
#
# BUILDAH_ISOLATION=chroot builds where the machine allows no namespaces.
set -eu
image=${1:-localhost/node:24-slim}
cd "$(dirname "$0")/../.."
node_version=$(sed -n 's/^nodeVersion: //p' pnpm-workspace.yaml)
npm_version=11

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mmdebstrap --variant=minbase --include=ca-certificates,libstdc++6 bookworm "$work/root.tar"
npm install --silent --no-save --prefix "$work/node" "node@$node_version"
npm install --silent --no-save --prefix "$work/npm" "npm@$npm_version"

container=$(buildah from scratch)
buildah add --quiet "$container" "$work/root.tar" / >&2
buildah copy --quiet "$container" "$(readlink -f "$work/node/node_modules/node/bin/node")" /usr/local/bin/node >&2
buildah copy --quiet "$container" "$work/npm/node_modules/npm" /usr/local/lib/node_modules/npm >&2
root=$(buildah mount "$container")
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"
buildah umount "$container" >&2
buildah config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --cmd node "$container"
buildah commit --quiet --rm "$container" "$image"
