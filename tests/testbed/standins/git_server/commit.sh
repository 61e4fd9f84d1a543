#!/bin/sh
# commit.sh REPOSITORY MESSAGE: commits a tar of files from standard input on top of main and prints the new revision.
set -eu
export HOME=/tmp GIT_AUTHOR_NAME=testbed GIT_AUTHOR_EMAIL=testbed@example.invalid
export GIT_COMMITTER_NAME=testbed GIT_COMMITTER_EMAIL=testbed@example.invalid
work=$(mktemp -d)
git clone -q "/srv/$1.git" "$work"
cd "$work"
tar -xf -
git add -A
git commit -q --allow-empty -m "$2"
git push -q origin main
git rev-parse HEAD
rm -rf "$work"
