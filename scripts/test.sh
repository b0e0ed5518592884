#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# npm test: the same set-up as npm start, then the whole suite.
. "$(dirname "${BASH_SOURCE[0]}")/lib/bootstrap.sh"
bootstrap
exec node "$root/dist/test/run.js" "$@"
