# shellcheck shell=sh
# Copyright (c) 2026 The community.balena authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Measures a host, for module_utils/domain/diagnosis/host.py, which reads and judges what this prints: a line for each
# figure, a name and a value. It only reads. It needs a POSIX shell such as the ash of busybox; what a tool is missing for
# is left out. Nothing here waits for ever: an engine or a network that hangs is a finding, not a reason to hang with it.
#
# DIAGNOSE_API: the address of the API, in place of the one in the configuration of balenaOS.

has() { command -v "$1" >/dev/null 2>&1; }

if timeout 5 true >/dev/null 2>&1; then
    within() { timeout "$@"; }
elif timeout -t 5 true >/dev/null 2>&1; then # busybox before 1.30
    within() { timeout -t "$@"; }
else
    within() { shift; "$@"; }
fi

# The HTTP status of an address; 000 if there is no answer.
status_of() {
    if has curl; then
        within 20 curl -s -o /dev/null -m 15 -w '%{http_code}' "$1" 2>/dev/null
    elif has wget; then
        if within 20 wget -q -T 15 -O /dev/null "$1" >/dev/null 2>&1; then echo 200; else echo 000; fi
    fi
}

time_and_memory() {
    echo "now $(date +%s)"
    sed -n 's/^\([0-9]*\)\..*/uptime \1/p' /proc/uptime
    sed -n 's/^MemTotal: *\([0-9]*\) kB/memory_total \1/p; s/^MemAvailable: *\([0-9]*\) kB/memory_available \1/p' /proc/meminfo
    sed -n 's/^\([0-9.]*\) .*/load \1/p' /proc/loadavg
    echo "processors $(grep -c '^processor' /proc/cpuinfo)"
    if has timedatectl; then
        echo "time_sync $(within 5 timedatectl show -p NTPSynchronized --value)"
    elif has chronyc; then
        within 5 chronyc tracking | sed -n 's/^Leap status *: Not synchronised.*/time_sync no/p; t; s/^Leap status *:.*/time_sync yes/p'
    fi
}

storage() {
    data=/mnt/data
    [ -d "$data" ] || data=/
    within 10 df -Pk "$data" | awk 'NR == 2 { print "storage_used", $3; print "storage_free", $4 }'
    within 10 df -Pi "$data" | awk 'NR == 2 { print "inodes_used", $3; print "inodes_free", $4 }'
    awk -v at="$data" '$2 == at { split($4, is, ","); mode = is[1] } END { if (mode != "") print "filesystem", mode }' /proc/mounts
}

hardware() {
    for zone in /sys/class/thermal/thermal_zone*/temp; do
        [ -r "$zone" ] && echo "temperature $(cat "$zone")"
    done
    throttled=/sys/devices/platform/soc/soc:firmware/get_throttled
    [ -r "$throttled" ] && echo "throttled $(cat "$throttled")"
    kernel=$(within 5 dmesg)
    if [ -n "$kernel" ]; then
        echo "undervoltage $(printf '%s\n' "$kernel" | grep -ci 'under-\{0,1\}voltage detected')"
        # The beginning of the log, without which nothing is known of the start.
        echo "kernel_start $(printf '%s\n' "$kernel" | grep -c 'Linux version')"
        echo "unclean $(printf '%s\n' "$kernel" | grep -ci 'recovery complete\|not properly unmounted\|not cleanly unmounted')"
    fi
    [ -r /proc/net/wireless ] && awk 'NR > 2 { sub(/\.$/, "", $4); print "wifi", $4 }' /proc/net/wireless
    has mmcli && within 10 mmcli -m any -K | sed -n 's/^modem\.generic\.signal-quality\.value *: *\([0-9]*\).*/modem \1/p'
}

network() {
    api=${DIAGNOSE_API:-}
    # The file holds keys as well; nothing else of it is looked at.
    [ -n "$api" ] || api=$(sed -n 's/.*"apiEndpoint" *: *"\([^"]*\)".*/\1/p' /mnt/boot/config.json)
    [ -n "$api" ] || return 0
    place=${api#*://}
    place=${place%%/*}
    name=${place%:*}
    case $name in
        *[!0-9.]*)
            if has getent; then
                if within 10 getent ahosts "$name" >/dev/null; then echo 'dns yes'; else echo 'dns no'; fi
            elif has nslookup; then
                if within 10 nslookup "$name" >/dev/null; then echo 'dns yes'; else echo 'dns no'; fi
            fi ;;
    esac
    echo "api $(status_of "${api%/}/ping")"
    case $api in
        https://*)
            [ "$place" != "$name" ] || place=$name:443
            has openssl && within 15 openssl s_client -connect "$place" -servername "$name" </dev/null |
                within 5 openssl x509 -noout -enddate | sed -n 's/^notAfter=/certificate /p' ;;
    esac
}

containers() {
    for engine in balena-engine balena docker; do
        has "$engine" && break
        engine=
    done
    [ -n "$engine" ] || return 0
    if ! found=$(within 20 "$engine" ps -aq); then
        echo 'engine no'
        return 0
    fi
    echo 'engine yes'
    # shellcheck disable=SC2086 # words, each an id
    set -- $found
    [ $# -eq 0 ] || within 20 "$engine" inspect --type container --format 'container {{.Name}} {{.State.Status}} {{.RestartCount}} {{.State.StartedAt}} {{.State.ExitCode}} {{.HostConfig.RestartPolicy.Name}}' "$@"
    case $(within 20 "$engine" ps --format '{{.Names}}') in
        *balena_supervisor* | *resin_supervisor*) echo "supervisor $(status_of http://127.0.0.1:48484/v1/healthy)" ;;
    esac
}

{
    time_and_memory
    storage
    hardware
    network
    containers
    echo "then $(date +%s)"
    echo end
} 2>/dev/null
