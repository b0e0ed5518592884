// SPDX-License-Identifier: MIT
import { constant, type Group } from './layout.js';

export const stateGroup: Group = { name: 'state', title: 'State region', doc: '', constants: [constant('STATE_VERSION', 1, 'layout version')], enumerations: [], structs: [] };
