#!/bin/sh
# Makes the passwords and the first configuration, once. What is there already stays as it is.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
for name in db-password mq-password grafana-password; do
    [ -s "secrets/$name" ] || head -c 24 /dev/urandom | base64 | tr '+/' '-_' >"secrets/$name"
    # The containers' users are others than yours; the folder keeps everybody else out.
    chmod 644 "secrets/$name"
done
if [ ! -s secrets/rabbitmq-user.conf ]; then
    {
        echo 'default_vhost = postbud'
        echo 'default_user = postbud'
        echo "default_pass = $(cat secrets/mq-password)"
    } >secrets/rabbitmq-user.conf
    chmod 644 secrets/rabbitmq-user.conf
fi
[ -e postbud.toml ] || cp example.toml postbud.toml
chmod 644 postbud.toml
echo "made: secrets/ and postbud.toml; change postbud.toml to your municipality"
