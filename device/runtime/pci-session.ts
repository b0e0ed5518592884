// SPDX-License-Identifier: MIT
import { F_ACCESS_PLATFORM } from '../abi/generated/messages.js';
import { encodeMiss, IOTLB_MISS, iotlbRequests } from '../vhost/iotlb-requests.js';
import { PCI_PROTOCOL_FEATURES, PCI_REQUIRED_FEATURES, pciRequests } from '../vhost/pci-requests.js';
import type { RequestTable } from '../vhost/request-table.js';
import { type OnRefused, VhostSession } from '../vhost/session.js';
import { standardRequests } from '../vhost/standard-requests.js';
import type { PciFunction } from './pci-function.js';

const ACCESS_PLATFORM = 2n ** BigInt(F_ACCESS_PLATFORM);

/** The same requests, but none is handled once the front-end has given the connection up: it may be long in the past. */
function whileCurrent(requests: RequestTable, pciFunction: PciFunction): RequestTable {
  return new Map(
    [...requests].map(([code, { row, handle }]) => [
      code,
      {
        row,
        handle: message => {
          pciFunction.checkCurrent();
          return handle(message);
        },
      },
    ]),
  );
}

/** A session for a PCI function on the connected socket `fd`, which is taken over. */
export function newPciSession(fd: number, pciFunction: PciFunction, onRefused: OnRefused): VhostSession {
  const options = {
    features: ACCESS_PLATFORM,
    setFeatures: (value: bigint) => pciFunction.dma.setTranslated((value & ACCESS_PLATFORM) !== 0n),
    protocolFeatures: PCI_PROTOCOL_FEATURES,
    required: PCI_REQUIRED_FEATURES,
    memory: pciFunction.dma,
  };
  const requests = (session: VhostSession): RequestTable => {
    const standard = standardRequests(session, options);
    const all = new Map([...standard, ...iotlbRequests(pciFunction.dma), ...pciRequests(pciFunction)]);
    return whileCurrent(all, pciFunction);
  };
  const session = new VhostSession(fd, requests, onRefused);
  pciFunction.beginSession((page, permission) => session.request(IOTLB_MISS, encodeMiss(page, permission)));
  return session;
}
