#!/bin/sh
# revert.sh REPOSITORY: reverts the last commit of main, as `git revert` does it, and prints the new revision.
set -eu
export HOME=/tmp GIT_AUTHOR_NAME=testbed GIT_AUTHOR_EMAIL=testbed@example.invalid
export GIT_COMMITTER_NAME=testbed GIT_COMMITTER_EMAIL=testbed@example.invalid
work=$(mktemp -d)
git clone -q "/srv/$1.git" "$work"
cd "$work"
git revert --no-edit HEAD >/dev/null
git push -q origin main
git rev-parse HEAD
rm -rf "$work"
