// SPDX-License-Identifier: MIT
// Addresses of the adapter: a locally administered MAC from a seed, and an IPv4 address that follows from the MAC, so
// that a loopback link has addresses before the guest configures any.

/** Mixes 32 bits so that neighbouring inputs differ in about half of the output bits (the finalizer of MurmurHash3). */
function mix32(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** MAC address of 6 bytes for `seed` (a 32-bit number): locally administered, unicast (IEEE 802, clause 8.2.2: first byte x2). */
export function macFromSeed(seed: number): Uint8Array {
  const high = mix32(seed ^ 0x5075_7368);
  const low = mix32(seed);
  return Uint8Array.of(
    ((high >>> 8) & 0xfc) | 0x02,
    high & 255,
    low >>> 24,
    (low >>> 16) & 255,
    (low >>> 8) & 255,
    low & 255,
  );
}

/** As people write it. */
export function macText(mac: Uint8Array): string {
  return Array.from(mac, byte => byte.toString(16).padStart(2, '0')).join(':');
}

/** 10.x.y.z from the last three bytes of a MAC, as a number. z is 1 … 254: neither a network nor a broadcast address. */
export function ipv4FromMac(mac: Uint8Array): number {
  return ((10 << 24) | (mac[3] << 16) | (mac[4] << 8) | (1 + (mac[5] % 254))) >>> 0;
}

/** The GID that stands for an IPv4 address: ::ffff:a.b.c.d (RFC 4291, section 2.5.5.2; IBTA A17.3.1). */
export function gidOfIpv4(address: number): Uint8Array {
  const gid = new Uint8Array(16);
  gid.fill(0xff, 10, 12);
  gid.set([address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255], 12);
  return gid;
}

/** The IPv4 address that a GID of 16 bytes stands for; undefined if it is an IPv6 address. */
export function ipv4OfGid(gid: Uint8Array): number | undefined {
  for (let at = 0; at < 12; at++) if (gid[at] !== (at < 10 ? 0 : 0xff)) return undefined;
  return ((gid[12] << 24) | (gid[13] << 16) | (gid[14] << 8) | gid[15]) >>> 0;
}

/** UDP source port of a connection (IBTA A17.3.2, flow entropy): the same for all its packets, 0xc000 … 0xffff. */
export function flowPort(localQpn: number, remoteQpn: number): number {
  return 0xc000 | (mix32(Math.imul(localQpn, 0x01000193) ^ remoteQpn) & 0x3fff);
}

/** UDP source port of a flow label of 20 bits, folded as Linux does it: both ends of a connection come to the same. */
export function portOfFlowLabel(label: number): number {
  return 0xc000 | ((label & 0x3fff) ^ ((label >>> 14) & 0x3fff));
}

/** "02:0a:…". */
export function formatMac(mac: Uint8Array): string {
  return Array.from(mac, byte => byte.toString(16).padStart(2, '0')).join(':');
}

/** "10.1.2.3". */
export function formatIpv4(address: number): string {
  return [address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255].join('.');
}
