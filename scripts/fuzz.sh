#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# npm run fuzz: builds what is missing, then fuzzes the device (test/fuzz/main.ts says with which arguments).
. "$(dirname "${BASH_SOURCE[0]}")/lib/bootstrap.sh"
bootstrap
exec node "$root/dist/test/fuzz/main.js" "$@"
