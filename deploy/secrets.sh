#!/bin/sh
# Generates what docker-compose.yml needs to start: random passwords, each in a file of deploy/secrets.
# Files that exist are left alone, so it can be run again. File secrets are bind mounts: the folder is closed to
# others, the files are readable for the users inside the containers.
set -eu
folder=$(dirname "$0")/secrets
umask 077
mkdir -p "$folder/nats"
random() { LC_ALL=C tr -dc 'A-Za-z0-9' </dev/urandom | head -c 40; }
keep() { [ -s "$folder/$1" ] || printf '%s' "$2" > "$folder/$1"; }
keep postgres_password "$(random)"
keep nats_password "$(random)"
keep postgres_url "postgresql://newsfold:$(cat "$folder/postgres_password")@postgres:5432/newsfold"
keep nats_url "nats://newsfold:$(cat "$folder/nats_password")@nats:4222"
keep nats/nats_auth.conf "authorization { user: newsfold, password: \"$(cat "$folder/nats_password")\" }"
chmod 0444 "$folder"/postgres_* "$folder"/nats_* "$folder"/nats/*
chmod 0711 "$folder" "$folder/nats"
echo "secrets are in $folder; start with: docker compose up --detach --wait"
