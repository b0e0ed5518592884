#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# npm start: from a fresh checkout to a VM with the adapter in it, and a result on the screen.
. "$(dirname "${BASH_SOURCE[0]}")/lib/bootstrap.sh"
bootstrap
exec node "$root/dist/device/cli/main.js" demo "$@"
