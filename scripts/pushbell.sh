#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The command line on a fresh checkout: installs and builds what is missing, then runs "pushbell" with the arguments.
. "$(dirname "${BASH_SOURCE[0]}")/lib/bootstrap.sh"
bootstrap
exec node "$root/dist/device/cli/main.js" "$@"
