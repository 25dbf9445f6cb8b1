#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# Faults of a network between a client and a server that both run in one network namespace, on its
# own 127.0.0.1. Needs root; exits 77 where the machine forbids it.
#   netns.sh up NS                        make it
#   netns.sh exec NS COMMAND...           run a server or a client in it
#   netns.sh rate NS PORT 2mbit           what goes to PORT is no faster
#   netns.sh delay NS PORT MS             what goes to and comes from PORT waits so long, each way
#   netns.sh loss NS PORT PERCENT         of the packets to and from PORT are lost
#   netns.sh blackhole NS PORT [BYTES]    what goes to PORT vanishes, once BYTES went up on a connection
#   netns.sh reset NS PORT BYTES          RST, once BYTES went up on a connection
#   netns.sh refuse NS PORT               RST to each packet: nobody listens
#   netns.sh kill NS PORT                 the connections there are now are aborted
#   netns.sh clear NS                     no more faults
#   netns.sh down NS                      remove it; ends nothing that runs in it
# Many kernels have no netem: HTB limits the rate, nftables loses and resets, netns_delay.py delays.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
verb=${1:?usage: netns.sh VERB NAMESPACE ...} ns=${2:?names the namespace}
shift 2

skip() {
    echo "SKIPPED: no network namespaces here: $*"
    exit 77
}
inside() { ip netns exec "$ns" "$@"; }
rule() { inside nft "add rule inet fault out $*"; }

# A rule that asks for a connection's state is there always: so each is tracked from its beginning,
# and it is known which end began it.
no_rules() {
    inside nft "flush ruleset
        add table inet fault
        add chain inet fault out { type filter hook output priority 0; policy accept; }
        add rule inet fault out ct state new counter"
}

up() {
    local program
    for program in ip nft tc ss iptables-legacy python3; do
        command -v "$program" >/dev/null || skip "$program is not installed"
    done
    ip netns add "$ns" 2>/dev/null || skip "ip netns add is refused"
    # packets as on a wire, not of 64 KiB: else rate and loss are far too coarse
    if ! inside ip link set lo mtu 1500 up gso_max_segs 1 gso_max_size 1500 ||
        ! no_rules || ! rule tcp dport 1 ct original bytes '>' 1 counter drop ||
        ! inside sysctl -qw net.netfilter.nf_conntrack_acct=1; then
        down
        skip "nftables or conntrack cannot be used in one"
    fi
    clear
}

rate() {
    inside tc qdisc add dev lo root handle 1: htb default 99 r2q 1000
    inside tc class add dev lo parent 1: classid 1:99 htb rate 10gbit quantum 60000
    inside tc class add dev lo parent 1: classid 1:10 htb rate "$2" burst 3k cburst 3k quantum 1514
    inside tc qdisc add dev lo parent 1:10 bfifo limit 64k # a modem's buffer
    inside tc filter add dev lo parent 1: protocol ip prio 1 u32 match ip protocol 6 0xff \
        match ip dport "$1" 0xffff flowid 1:10
}

# At the receiver: a packet held where it is sent from would count against its sender's small queue.
delay() {
    local ready side
    exec {ready}< <(inside "$here/netns_delay.py" "$2" </dev/null 2>/dev/null)
    read -r -t 10 -u "$ready" || skip "no queue of netfilter's"
    for side in --dport --sport; do
        inside iptables-legacy -A INPUT -p tcp "$side" "$1" -j NFQUEUE --queue-num 0
    done
}

end_delay() {
    local pid
    inside iptables-legacy -F INPUT
    for pid in $(ip netns pids "$ns"); do
        if grep -qa netns_delay.py "/proc/$pid/cmdline" 2>/dev/null; then kill "$pid"; fi
    done
}

loss() {
    local thousandths side
    thousandths=$(awk "BEGIN { print int($2 * 10) }")
    for side in dport sport; do
        rule tcp "$side" "$1" numgen random mod 1000 '<' "$thousandths" counter drop
    done
}

clear() {
    end_delay
    no_rules
    inside tc qdisc del dev lo root 2>/dev/null || true
}

down() {
    end_delay
    ip netns del "$ns"
}

case $verb in
up | rate | delay | loss | clear | down) "$verb" "$@" ;;
exec) inside "$@" ;;
blackhole) rule tcp dport "$1" ct original bytes '>=' "${2:-0}" counter drop ;;
reset) rule tcp dport "$1" ct original bytes '>' "$2" counter reject with tcp reset ;;
refuse) rule tcp dport "$1" counter reject with tcp reset ;;
kill) inside ss -K -t state established "( dport = :$1 )" >/dev/null ;;
*) echo "netns.sh: no such verb: $verb" >&2 && exit 2 ;;
esac
