#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# certificates.sh DIR: an authority (ca.pem), a server's certificate for 127.0.0.1 and localhost
# (server.pem, server.key), and what is wrong: of the same name, signed by no authority (other.pem, other.key), by the
# authority for another name (name.pem, with server.key), and no longer valid (expired.pem, with server.key).
set -euo pipefail
umask 077
mkdir -p "${1:?usage: certificates.sh DIR}"
cd "$1"
[ -e complete ] && exit 0
# OpenSSL 1.1.1 would add the extensions of its own configuration to those given here.
printf '[req]\ndistinguished_name=none\n[none]\n' >config
key=(-config config -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
{
    openssl req -x509 "${key[@]}" -days 30 -subj "/CN=s3hls lab" \
        -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign" \
        -addext "subjectKeyIdentifier=hash" \
        -keyout ca.key -out ca.pem
    openssl req -new "${key[@]}" -subj "/CN=localhost" -keyout server.key -out server.csr
    cat >extensions <<-END
	subjectAltName=DNS:localhost,DNS:s3.localhost,DNS:*.s3.localhost,IP:127.0.0.1
	extendedKeyUsage=serverAuth
	basicConstraints=CA:FALSE
	authorityKeyIdentifier=keyid
	END
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 \
        -extfile extensions -out server.pem
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -days -1 -extfile extensions -out expired.pem
    sed -i 's/^subjectAltName=.*/subjectAltName=DNS:elsewhere.example,IP:192.0.2.1/' extensions
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -days 30 -extfile extensions -out name.pem
    openssl req -x509 "${key[@]}" -days 30 -subj "/CN=localhost" -addext "subjectAltName=IP:127.0.0.1" \
        -keyout other.key -out other.pem
} >openssl.log 2>&1
touch complete
