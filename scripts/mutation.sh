#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# npm run test:mutation: builds what is missing, then changes the model in every way that Stryker knows, one at a time, and
# runs the in-process cases against each (test/mutation/main.ts says with which arguments).
. "$(dirname "${BASH_SOURCE[0]}")/lib/bootstrap.sh"
bootstrap
exec node "$root/dist/test/mutation/main.js" "$@"
