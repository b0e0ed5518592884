// SPDX-License-Identifier: MIT
// From address vectors and the GID table to prepared headers. Routes are a cache: forget() after every command that may
// have changed what they were made of.
import { GidType } from '../abi/generated/commands.js';
import {
  AH_DGID_OFFSET,
  AH_SGID_INDEX_OFFSET,
  AH_TABLE,
  AH_WORDS,
  ahDmacHi,
  ahDmacLo,
  ahFlowLabel,
  ahHopLimit,
  ahSgidIndex,
  ahTrafficClass,
  ahUdpSport,
  GID_COUNT,
  GID_GID_OFFSET,
  GID_TABLE,
  GID_WORDS,
  gidMacHi,
  gidMacLo,
  gidType,
  QP_SGID_INDEX_OFFSET,
  qpDestQpn,
  stMacHi,
  stMacLo,
} from '../abi/generated/state.js';
import { flowPort, portOfFlowLabel } from '../fabric/addresses.js';
import { Route } from '../fabric/route.js';
import { type AhRow, gidRow, NONE, type QpRow, qpNumber } from './rows.js';

const GID = GID_GID_OFFSET / 4;
const DGID = AH_DGID_OFFSET / 4;
/** What is added to the row of a queue pair to read its address vector as that of an address handle. */
const QP_AS_AH = (QP_SGID_INDEX_OFFSET - AH_SGID_INDEX_OFFSET) / 4;
const WORDS = 4;
const MAC_BYTES = 6;
const GID_BYTES = 16;
const DEFAULT_HOP_LIMIT = 64;

/** A route, or that there is none: the entry of the GID table is free. */
type Known = Route | null;

/** Routes by number; as long as the highest number that has had one. */
class Cache {
  readonly #routes: (Known | undefined)[] = [];
  #any = false;

  get(n: number): Known | undefined {
    return n < this.#routes.length ? this.#routes[n] : undefined;
  }

  put(n: number, route: Known): Known {
    // Without gaps: an array with large ones would be a slow one.
    while (this.#routes.length <= n) this.#routes.push(undefined);
    this.#any = true;
    this.#routes[n] = route;
    return route;
  }

  forget(): void {
    if (this.#any) this.#routes.fill(undefined);
    this.#any = false;
  }
}

export class Routes {
  readonly #m: Uint32Array;
  readonly #ofQp = new Cache();
  readonly #ofAh = new Cache();

  constructor(m: Uint32Array) {
    this.#m = m;
  }

  /** Something that routes are made of may have changed. */
  forget(): void {
    this.#ofQp.forget();
    this.#ofAh.forget();
  }

  /** To the other end of a connection; null when its source address is gone. */
  ofQp(qp: QpRow): Known {
    const n = qpNumber(qp);
    const known = this.#ofQp.get(n);
    return known !== undefined
      ? known
      : this.#ofQp.put(n, this.#make(qp + QP_AS_AH, n, qpDestQpn(this.#m, qp)));
  }

  /** To the destination of an address handle. */
  ofAh(ah: AhRow): Known {
    const n = (ah - AH_TABLE) / AH_WORDS;
    const known = this.#ofAh.get(n);
    return known !== undefined ? known : this.#ofAh.put(n, this.#make(ah, n, 0));
  }

  /** The four words at `gid` are an address of this port. */
  isOwn(words: Uint32Array, at: number): boolean {
    const m = this.#m;
    for (let n = 0; n < GID_COUNT; n++) {
      const row = GID_TABLE + n * GID_WORDS;
      if (gidType(m, row) !== GidType.NONE && sameGid(m, row + GID, words, at)) return true;
    }
    return false;
  }

  /** The other end of the connection is this port. */
  leadsHome(qp: QpRow): boolean {
    return this.isOwn(this.#m, qp + QP_AS_AH + DGID);
  }

  /** A route leads to this port. */
  isHome(route: Route): boolean {
    return this.isOwn(route.destinationGid, 0);
  }

  /** The four words are the address of the other end of the connection. */
  comesFrom(qp: QpRow, gid: Uint32Array): boolean {
    return sameGid(this.#m, qp + QP_AS_AH + DGID, gid, 0);
  }

  /** `av` is a row whose address vector stands where that of an address handle does. */
  #make(av: number, local: number, remote: number): Known {
    const m = this.#m;
    const gid = gidRow(m, ahSgidIndex(m, av));
    if (gid === NONE) return null;
    const ownMac = gidMacLo(m, gid) === 0 && gidMacHi(m, gid) === 0;
    const label = ahFlowLabel(m, av);
    const hopLimit = ahHopLimit(m, av);
    return new Route({
      sourceMac: ownMac ? mac(stMacLo(m, 0), stMacHi(m, 0)) : mac(gidMacLo(m, gid), gidMacHi(m, gid)),
      destinationMac: mac(ahDmacLo(m, av), ahDmacHi(m, av)),
      sourceIp: address(m, gid + GID),
      destinationIp: address(m, av + DGID),
      udpSourcePort: ahUdpSport(m, av) || (label === 0 ? flowPort(local, remote) : portOfFlowLabel(label)),
      trafficClass: ahTrafficClass(m, av),
      hopLimit: hopLimit === 0 ? DEFAULT_HOP_LIMIT : hopLimit,
      flowLabel: label,
    });
  }
}

function sameGid(m: Uint32Array, a: number, words: Uint32Array, b: number): boolean {
  for (let n = WORDS - 1; n >= 0; n--) if (m[a + n] !== words[b + n]) return false;
  return true;
}

const address = (m: Uint32Array, at: number): Uint8Array =>
  new Uint8Array(m.slice(at, at + WORDS).buffer, 0, GID_BYTES);

const mac = (lo: number, hi: number): Uint8Array =>
  new Uint8Array(Uint32Array.of(lo, hi).buffer, 0, MAC_BYTES);
