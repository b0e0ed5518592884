// SPDX-License-Identifier: MIT
import { PCI_PROTOCOL_FEATURES, PCI_REQUIRED_FEATURES, pciRequests } from '../vhost/pci-requests.js';
import { type OnRefused, VhostSession } from '../vhost/session.js';
import { standardRequests } from '../vhost/standard-requests.js';
import type { PciFunction } from './pci-function.js';

/** A session for a PCI function on the connected socket `fd`, which is taken over. */
export function newPciSession(fd: number, pciFunction: PciFunction, onRefused: OnRefused): VhostSession {
  const options = {
    features: 0n,
    protocolFeatures: PCI_PROTOCOL_FEATURES,
    required: PCI_REQUIRED_FEATURES,
    memory: pciFunction,
  };
  const requests = (session: VhostSession) =>
    new Map([...standardRequests(session, options), ...pciRequests(pciFunction)]);
  return new VhostSession(fd, requests, onRefused);
}
