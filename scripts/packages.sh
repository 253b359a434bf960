#!/bin/sh
# Installs the Debian packages that the build needs and does not find, and looks for Swift.
set -eu

wanted="libsqlite3-dev libssl-dev libcurl4-openssl-dev libyaml-dev pkg-config tzdata openssl"
missing=
for package in $wanted; do
    state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || :)
    [ "$state" = installed ] || missing="$missing $package"
done

if [ -n "$missing" ]; then
    line="apt-get install -y --no-install-recommends$missing"
    if [ "$(id -u)" -eq 0 ]; then
        as=
    elif command -v sudo >/dev/null 2>&1; then
        as=sudo
    else
        echo "keyturn needs more packages; as root, run:" >&2
        echo "  apt-get update && $line" >&2
        exit 1
    fi
    echo "installing:$missing"
    $as apt-get update -q >/dev/null
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive $as $line >/dev/null
fi

if ! command -v swift >/dev/null 2>&1; then
    echo "keyturn needs Swift 6.2 or newer, and there is none on the PATH." >&2
    echo "See https://www.swift.org/install/linux/" >&2
    exit 1
fi
version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
case $version in
    6.[01] | [0-5].*)
        echo "keyturn needs Swift 6.2 or newer, and this is Swift $version." >&2
        exit 1
        ;;
esac
