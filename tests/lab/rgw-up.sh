#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# Bring up a throw-away S3 server, Ceph's radosgw over one OSD in memory, on free ports of 127.0.0.1.
# All state lies in $S3HLS_LAB_DIR; what a client needs to know is written to $S3HLS_LAB_DIR/env.
# A second call finds it running and does nothing. README.md says more.
set -euo pipefail
umask 077

: "${S3HLS_LAB_DIR:?names the folder for the server\'s state}"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$S3HLS_LAB_DIR"
dir=$(cd "$S3HLS_LAB_DIR" && pwd)
conf=$dir/ceph.conf
dns_name=s3.localhost # libcurl resolves *.localhost by itself
access_key=AKIAS3HLSLAB00000001
secret_key=lab/secret+key/of/s3hls/0123456789abcdef
device_key=AKIAS3HLSLAB0DEVICE1 # may nothing but take the role "camera"
device_secret=lab/device+key/of/s3hls/0123456789abcdef
export CEPH_CONF=$conf CEPH_ARGS=

die() {
    echo "rgw-up: $*" >&2
    tail -n 5 "$dir"/log/*.log >&2 2>/dev/null || true
    "$here/rgw-down.sh" || true
    exit 1
}

wait_for() { # wait_for WHAT COMMAND...: up to 60 s
    local what=$1 end=$((SECONDS + 60))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || die "$what does not come up"
        sleep 0.05
    done
}

# Below the range the kernel hands out itself, so that no client's port is taken for a free one.
free_port() {
    local port
    while :; do
        port=$((10000 + (RANDOM << 15 | RANDOM) % 22000))
        (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    echo "$port"
}

start() { # start NAME PROGRAM ARGUMENT...: in a session of its own
    local name=$1 program=$2
    shift 2
    setsid "$program" -c "$conf" -f "$@" >>"$dir/log/$name.out.log" 2>&1 </dev/null &
    echo $! >"$dir/run/$name.pid"
}

# An authority of its own and a server's certificate for every way to name it.
make_certificates() {
    cd "$dir/tls"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
        -subj "/CN=s3hls lab" -addext "basicConstraints=critical,CA:TRUE" \
        -addext "keyUsage=critical,keyCertSign,cRLSign" -keyout ca.key -out ca.pem
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -subj "/CN=localhost" -keyout server.key -out server.csr
    cat >extensions <<-END
	subjectAltName=DNS:localhost,DNS:$dns_name,DNS:*.$dns_name,IP:127.0.0.1
	extendedKeyUsage=serverAuth
	basicConstraints=CA:FALSE
	END
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 \
        -extfile extensions -out server.pem
}

write_conf() {
    cat >"$conf" <<END
[global]
fsid = $fsid
mon host = [v2:127.0.0.1:$mon_port/0]
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
ms bind msgr1 = false
# nobody but the tests comes here; radosgw asks the mon for "secure" unless told, and then hangs
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
ms mon cluster mode = crc
ms mon service mode = crc
run dir = $dir/run
crash dir = $dir/crash
admin socket =
log file = $dir/log/\$name.log
log to stderr = false
mon cluster log to file = false
keyring = $dir/keyring
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
[mon]
mon data = $dir/mon
mon data avail crit = 1
mon data avail warn = 1
paxos propose interval = 0.02
paxos min wait = 0.01
[osd]
osd data = $dir/osd
osd objectstore = memstore
memstore device bytes = 4294967296
osd heartbeat grace = 3600
[client.rgw.a]
rgw data = $dir/run
rgw frontends = beast endpoint=127.0.0.1:$http_port ssl_endpoint=127.0.0.1:$https_port ssl_certificate=$dir/tls/server.pem ssl_private_key=$dir/tls/server.key tcp_nodelay=1
rgw dns name = $dns_name
rgw thread pool size = 64
rgw enable ops log = false
rgw enable usage log = false
rgw dynamic resharding = false
rgw s3 auth use sts = true
# "sts" first would hide why the local keys were refused
rgw s3 auth order = local, sts
rgw sts key = s3hls-lab-sts-16
rgw sts min session duration = 2
# a cache leaves watches behind when radosgw is killed, and the next one waits 30 s for them
rgw cache enabled = false
END
}

# What a camera may do, for as long as its keys live.
make_role() {
    local admin=(radosgw-admin -c "$conf" -n client.rgw.a)
    "${admin[@]}" user create --uid=device --display-name=device --access-key="$device_key" --secret="$device_secret" &&
        "${admin[@]}" role create --role-name=camera --assume-role-policy-doc='{"Version":"2012-10-17","Statement":[
            {"Effect":"Allow","Principal":{"AWS":["arn:aws:iam:::user/device"]},"Action":["sts:AssumeRole"]}]}' &&
        "${admin[@]}" role-policy put --role-name=camera --policy-name=record --policy-doc='{"Version":"2012-10-17","Statement":[
            {"Effect":"Allow","Action":["s3:PutObject","s3:GetObject","s3:ListBucket","s3:PutObjectTagging"],
             "Resource":["arn:aws:s3:::*"]}]}'
}

write_env() {
    cat >"$dir/env" <<END
export S3HLS_LAB_ENDPOINT=http://127.0.0.1:$http_port
export S3HLS_LAB_ENDPOINT_TLS=https://127.0.0.1:$https_port
export S3HLS_LAB_ENDPOINT_VHOST_TLS=https://$dns_name:$https_port
export S3HLS_LAB_CA=$dir/tls/ca.pem
export S3HLS_LAB_BUCKET=recordings
export S3HLS_LAB_REGION=us-east-1
export S3HLS_LAB_RGW_PID=$(cat "$dir/run/rgw.pid")
export S3HLS_LAB_DEVICE_KEY_ID=$device_key
export S3HLS_LAB_DEVICE_SECRET=$device_secret
export S3HLS_LAB_ROLE=arn:aws:iam:::role/camera
export AWS_ACCESS_KEY_ID=$access_key
export AWS_SECRET_ACCESS_KEY=$secret_key
export AWS_DEFAULT_REGION=us-east-1
END
}

if [ -r "$dir/env" ] && "$here/rgw-down.sh" --running; then
    exit 0
fi
"$here/rgw-down.sh" --wipe # the OSD's memory is gone: what the others remember is worth nothing
mkdir -p "$dir"/{run,log,mon,osd,tls,crash}
touch "$dir/.s3hls-lab"
fsid=$(cat /proc/sys/kernel/random/uuid)
mon_port=$(free_port) http_port=$(free_port) https_port=$(free_port)
(make_certificates) >"$dir/log/tls.log" 2>&1 || die "no certificates"
write_conf

{
    monmaptool --create --clobber --fsid "$fsid" --addv a "[v2:127.0.0.1:$mon_port/0]" "$dir/monmap"
    ceph-mon -c "$conf" --mkfs -i a --fsid "$fsid" --monmap "$dir/monmap"
} >"$dir/log/mkfs.log" 2>&1 || die "no mon"
start mon ceph-mon -i a
wait_for "the mon" ceph --connect-timeout 2 mon stat

uuid=$(cat /proc/sys/kernel/random/uuid)
[ "$(ceph osd new "$uuid" 0)" = 0 ] || die "no OSD"
ceph-osd -c "$conf" -i 0 --mkfs --osd-uuid "$uuid" >>"$dir/log/mkfs.log" 2>&1 || die "no OSD"
start osd ceph-osd -i 0
osd_is_up() { ceph osd stat -f json | grep -q '"num_up_osds":1'; }
wait_for "the OSD" osd_is_up

radosgw-admin -c "$conf" -n client.rgw.a user create --uid=lab --display-name=lab \
    --access-key="$access_key" --secret="$secret_key" >"$dir/log/user.log" 2>&1 || die "no user"
make_role >"$dir/log/role.log" 2>&1 || die "no role"
start rgw radosgw -n client.rgw.a
wait_for radosgw curl -fsS -o /dev/null --max-time 2 "http://127.0.0.1:$http_port/"

curl -fsS -X PUT --cacert "$dir/tls/ca.pem" --user "$access_key:$secret_key" \
    --aws-sigv4 "aws:amz:us-east-1:s3" -H "x-amz-content-sha256: UNSIGNED-PAYLOAD" \
    "https://127.0.0.1:$https_port/recordings" >"$dir/log/bucket.log" 2>&1 || die "no bucket"
write_env
echo "rgw-up: ready, see $dir/env"
