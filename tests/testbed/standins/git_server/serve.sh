#!/bin/sh
# Makes one bare repository per folder below /content and serves all of them read-write over git:// on port 9418.
# A file .branches names branches that begin where main begins.
# Anybody in the cluster may push: this is a test bed, and pushing is how tests make a new commit.
set -eu
export HOME=/tmp GIT_AUTHOR_NAME=testbed GIT_AUTHOR_EMAIL=testbed@example.invalid
export GIT_COMMITTER_NAME=testbed GIT_COMMITTER_EMAIL=testbed@example.invalid
for content in /content/*/; do
  name=$(basename "$content")
  [ -d "/srv/$name.git" ] && continue
  git init -q --bare -b main "/srv/$name.git"
  git init -q -b main "/tmp/$name"
  cp -rL "$content". "/tmp/$name/"
  cd "/tmp/$name"
  branches=$(cat .branches 2>/dev/null || true)
  rm -f .branches
  git add -A
  git commit -q -m "First manifests"
  for branch in main $branches; do
    git push -q "/srv/$name.git" "main:$branch"
  done
done
exec git daemon --reuseaddr --export-all --enable=receive-pack --base-path=/srv /srv
