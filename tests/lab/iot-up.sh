#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# nginx as the AWS IoT Core credentials provider on a free port of 127.0.0.1: GET /role-aliases/camera/credentials by the
# certificate of a device, which is its thing's name. Keys come from iot-keys.sh. State lies in $S3HLS_IOT_DIR, what a
# device needs in $S3HLS_IOT_DIR/env.
set -euo pipefail
umask 077
: "${S3HLS_IOT_DIR:?names the folder for the state}"
mkdir -p "$S3HLS_IOT_DIR"/{tls,temp,fault,keys}
dir=$(cd "$S3HLS_IOT_DIR" && pwd)

authority() { # authority NAME
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=s3hls lab $1" \
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign -keyout "$1.key" -out "$1.pem"
}
certificate() { # certificate NAME SUBJECT AUTHORITY EXTENSION
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$2" -keyout "$1.key" -out "$1.csr"
    openssl x509 -req -in "$1.csr" -CA "$3.pem" -CAkey "$3.key" -CAcreateserial -days 30 -extfile <(echo "$4") -out "$1.pem"
}
(
    cd "$dir/tls"
    authority ca && authority device-ca && authority other-ca
    certificate server localhost ca 'subjectAltName=DNS:localhost,IP:127.0.0.1'
    certificate cam-1 cam-1 device-ca extendedKeyUsage=clientAuth
    certificate stranger cam-1 other-ca extendedKeyUsage=clientAuth
) >"$dir/tls.log" 2>&1

port=$((10000 + (RANDOM << 15 | RANDOM) % 22000))
while (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
user=
[ "$(id -u)" != 0 ] || user="user root;" # the state is ours alone
cat >"$dir/nginx.conf" <<END
$user
worker_processes 1;
pid $dir/nginx.pid;
error_log $dir/error.log;
events {}
http {
    access_log $dir/access.log;
    client_body_temp_path $dir/temp/b; proxy_temp_path $dir/temp/p; fastcgi_temp_path $dir/temp/f;
    uwsgi_temp_path $dir/temp/u; scgi_temp_path $dir/temp/s;
    default_type application/json;
    map \$ssl_client_s_dn \$device { "~CN=(?<cn>[A-Za-z0-9:_-]+)" \$cn; default ""; }
    map "\$http_x_amzn_iot_thingname/\$device" \$attached { "~^(?<t>[A-Za-z0-9:_-]+)/\k<t>\$" 1; default 0; }
    server {
        listen 127.0.0.1:$port ssl;
        ssl_certificate $dir/tls/server.pem;
        ssl_certificate_key $dir/tls/server.key;
        ssl_client_certificate $dir/tls/device-ca.pem;
        ssl_verify_client optional;
        error_page 495 496 =403 @stranger;
        location @stranger { internal; return 403 '{"message":"Missing or untrusted client certificate"}'; }
        location = /role-aliases/camera/credentials {
            if (\$ssl_client_verify != SUCCESS) { return 496; }
            if (-f $dir/fault/403) { return 403 '{"message":"Forbidden"}'; }
            if (-f $dir/fault/500) { return 500 '{"message":"Internal failure"}'; }
            if (-f $dir/fault/503) { return 503 '{"message":"Service unavailable"}'; }
            if (-f $dir/fault/garbage) { return 200 '<html>log in to the network</html>'; }
            if (\$attached = 0) { return 400 '{"message":"Invalid thing name passed"}'; }
            if (-f $dir/fault/slow) { rewrite ^ /slow/\$device.json last; }
            root $dir/keys; try_files /\$device.json =404;
        }
        location /slow/ { internal; alias $dir/keys/; limit_rate 200; } # some seconds
        location / { return 404 '{"message":"Not found"}'; }
    }
}
END
nginx -p "$dir" -e "$dir/error.log" -c "$dir/nginx.conf"
cat >"$dir/env" <<END
iot=(--iot-endpoint localhost:$port --iot-role-alias camera --iot-thing cam-1 --iot-ca $dir/tls/ca.pem
     --iot-cert $dir/tls/cam-1.pem --iot-key $dir/tls/cam-1.key)
END
