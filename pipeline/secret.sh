#!/bin/sh
# Prints a secret of this installation, made on first use: `sh secret.sh NAME` -> $AIRFLOW_HOME/.secrets/NAME, 0600.
# airflow.cfg calls it for each *_cmd option. No trailing newline: Airflow would keep it as part of the secret.
set -eu
umask 077
folder="${AIRFLOW_HOME:?expected AIRFLOW_HOME to be set to the project folder}/.secrets"
file="$folder/$1"
if [ ! -s "$file" ]; then
    mkdir -p "$folder"
    draft="$folder/.$1.$$"
    # 32 bytes in URL-safe base64, which is also what Fernet wants.
    head -c 32 /dev/urandom | base64 | tr -d '\n' | tr '+/' '-_' >"$draft"
    # Several components start at once: ln lets exactly one of them win, and all read the winner's.
    ln "$draft" "$file" 2>/dev/null || true
    rm -f "$draft"
fi
cat "$file"
