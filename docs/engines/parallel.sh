#!/bin/bash
# A campaign by GNU parallel; docs/engines/parallel.md says what to edit.
#
#   parallel.sh 200 s3://bucket/prefix [FLAGS of campaign work]     on this machine
#   NODES=nodes parallel.sh 200 s3://bucket/prefix …                on those of the file, by ssh
#
# The same again goes on with what has failed or was not begun.
set -euo pipefail
shards=$1
shift

where=(--jobs "${JOBS:-100%}")
if [ -n "${NODES-}" ]; then
  where+=(--sshloginfile "$NODES")
  for name in "${!AWS_@}"; do # of this shell, by their names: values are in no command line
    where+=(--env "$name")
  done
fi
log=${JOBLOG:-campaign.joblog}
again=()
if [ -s "$log" ]; then
  again=(--resume-failed)
fi

seq 0 $((shards - 1)) | parallel "${where[@]}" --joblog "$log" "${again[@]}" \
  --retries "${TRIES:-5}" --termseq TERM,30000,KILL,1000 \
  "${SIMULATE:-simulate}" campaign work "${@@Q}" --index {}
