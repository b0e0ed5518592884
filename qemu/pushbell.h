/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pushbell-pci: a PCI function whose behaviour lives in another process.
 *
 * This device knows nothing of the adapter. A back-end that listens on a
 * vhost-user socket describes the function (identity, BARs, vectors), serves
 * its registers through a ring in shared memory, does DMA in guest RAM that
 * both map, and raises interrupts through eventfds. The contract is
 * docs/socket-extension.md in the device's tree; pushbell-proto.h is generated
 * from the same declarations that the back-end is built on.
 *
 *   guest access -> bars.c -> ring.c -> (shared memory) -> back-end
 *   config space -> pushbell-pci.c -> control.c -> request.c/wire.c -> socket
 *   back-end -> eventfd -> irq.c (own thread) -> vCPU -> msix_notify
 *   back-end -> channel.c (same thread) -> iommu.c -> socket: translations
 *
 * Locks, outermost first:
 *   big QEMU lock      socket requests, config space, delivery of interrupts
 *   PbIrq.lock         taking of interrupts; never held while waiting
 *   PbSession.lock     fd of the back-end request channel, and misses from it
 *   PbRing.wait_lock   sleepers; let go while asleep
 *   PbRing.put_lock    producer side of the ring: a spin lock, a few stores
 * Nobody waits for the big lock while holding one of the others. The back-end
 * never needs the big lock to answer: all waits for it are safe under it, and
 * bounded because it may be dead or hostile.
 */
#ifndef PUSHBELL_H
#define PUSHBELL_H

#include "qemu/atomic.h"
#include "qemu/bitmap.h"
#include "qemu/thread.h"
#include "qom/object.h"
#include "exec/memory.h"
#include "compat.h"
#include "pushbell-proto.h"

#define TYPE_PUSHBELL "pushbell-pci"
OBJECT_DECLARE_SIMPLE_TYPE(PbState, PUSHBELL)

#define PB_VECTORS_MAX 2048
#define PB_HANDSHAKE_TIMEOUT_MS 5000
#define PB_RECONNECT_TIMEOUT_MS 1000
#define PB_ALL_ONES UINT64_MAX

/* A sleeping reader: its slot must not be reused before it took the answer. */
typedef struct PbReader {
    uint32_t seq;
    QLIST_ENTRY(PbReader) next;
} PbReader;

typedef struct PbRing {
    struct pb_ring *header;     /* the mapped memfd */
    struct pb_slot *slots;
    uint32_t nslots;
    uint32_t reserve;           /* slots kept for writes of vCPUs that stop */
    uint32_t producer;          /* our own copies: nothing is read back */
    uint32_t consumer;          /* no slot before it is in use */
    uint32_t consumer_seen;     /* last CONSUMER that passed the check */
    uint32_t epoch;
    uint32_t session;           /* number of the present connection */
    QemuSpin put_lock;
    int64_t spin_ns;            /* at most */
    unsigned spin_shift;        /* what is made of it; with the big lock */
    unsigned spins_in_vain;
    int kick_fd;
    int answer_fd;
    int memfd;
    uint64_t bytes;

    QemuMutex wait_lock;
    QemuCond wait_cond;
    unsigned waiters;
    bool leader;                /* one waiter polls, the others follow it */
    bool stalled;               /* a wait timed out at... */
    uint32_t stalled_at;        /* ...this consumer index */
    QLIST_HEAD(, PbReader) readers;     /* under put_lock */
    uint64_t dropped;
} PbRing;

typedef struct PbIrq {
    QemuMutex lock;
    QemuThread thread;
    bool thread_runs;
    int epoll_fd;
    int stop_fd;
    unsigned nfds;              /* MSI-X vectors, and one for INTx */
    int *fds;
    unsigned long *pending;     /* taken from the eventfd, not delivered yet */
    uint32_t taken;             /* follows IRQ_RAISED */
    bool undelivered;           /* some bit of pending is set */
    bool queued;                /* work is queued on a vCPU */
    bool level;                 /* INTx as last set */
    uint32_t level_word;        /* INTX_LEVEL when it was looked at last */
    int cpu_index;              /* vCPU that used the device last */
    unsigned sleepers;          /* vCPUs that sleep in a register access */
    QEMUBH *bh;
} PbIrq;

typedef struct PbSession {
    int fd;
    bool connected;             /* read without the big lock, too */
    bool established;           /* realized: a lost back-end is waited for */
    uint32_t generation;        /* of the connection, against stale events */
    int64_t deadline;           /* ns; of the connect sequence, or 0 */
    QemuMutex lock;
    int channel_fd;             /* our end of the back-end request channel */
    unsigned log_lines;         /* in the present second */
    int64_t log_second;
    int64_t since;              /* ms; when the connection was complete */
    bool running;               /* RUN was acknowledged, STOP not asked for */
    bool quiesced;              /* stopped for a change of guest memory */
    const char *failure;        /* why a thread without the big lock gave up */
    QEMUBH *bh;
    int state_fd;
    struct pb_state_region state;
} PbSession;

/* The way back after a connection was lost. */
typedef struct PbReconnect {
    QEMUTimer *timer;
    int fd;                     /* asked GET_FEATURES, no answer yet; or -1 */
    int64_t lost_at;            /* ms */
    unsigned failures;          /* back-ends in a row that were of no use */
    bool complained;            /* once per outage */
} PbReconnect;

/* How long the function may still be without a back-end. */
typedef struct PbAway {
    QEMUTimer *timer;
    QEMUBH *bh;                 /* shows in memory and port what changed */
    bool away;
    int64_t since;              /* ms; or 0: the VM is stopped */
    int64_t left;               /* ms */
} PbAway;

/* Guest RAM that the back-end is told of. */
typedef struct PbMemory {
    MemoryListener listener;
    DeviceListener plug;
    bool registered;
    bool looked;                /* this transaction is about our memory */
    uint64_t slots;             /* regions that the back-end takes */
    GArray *regions;            /* of PbRegion */
    GArray *next;               /* the same after this transaction */
    Error *error;               /* first one while the device is realized */
} PbMemory;

#define PB_MISSES_MAX 256

typedef struct PbMiss {
    uint64_t iova;
    uint8_t perm;
} PbMiss;

/* A part of the device's address space that an IOMMU translates, or RAM. */
typedef struct PbSection {
    PbState *device;
    MemoryRegion *mr;
    uint64_t first;             /* I/O virtual addresses, both inclusive */
    uint64_t last;
    uint64_t offset;            /* of "first" in mr */
    bool iommu;
    IOMMUNotifier notifier;
    QLIST_ENTRY(PbSection) next;
} PbSection;

/* DMA behind a vIOMMU. */
typedef struct PbIommu {
    AddressSpace *space;        /* NULL: DMA addresses are guest-physical */
    MemoryListener listener;
    Notifier machine_done;
    bool started;
    bool changed;               /* a section went in this transaction */
    bool handed_out;            /* the back-end may hold translations */
    Error *error;               /* first one while the device is realized */
    QLIST_HEAD(, PbSection) sections;
    QEMUBH *bh;
    PbMiss misses[PB_MISSES_MAX];       /* under PbSession.lock */
    unsigned oldest;
    unsigned waiting;
} PbIommu;

typedef struct PbRange {
    PbState *device;
    MemoryRegion mr;
    MemoryRegion off;           /* hides shared memory in "off" */
    uint64_t offset;            /* in the BAR */
    uint8_t bar;
} PbRange;

typedef struct PbBar {
    MemoryRegion container;
    PbRange rest;               /* behind all ranges: zero, ignores writes */
    PbRange ranges[PB_MAX_RANGES];
    int ram_fd;                 /* memory behind the RAM ranges, or -1 */
} PbBar;

struct PbState {
    PCIDevice parent_obj;

    /* properties */
    char *socket_path;
    uint32_t vendor_id;         /* PB_ID_UNSET: as described */
    uint32_t device_id;
    uint32_t read_timeout_ms;
    uint32_t control_timeout_ms;
    uint32_t spin_us;

    struct pb_function function;
    PbRing ring;
    PbIrq irq;
    PbSession session;
    PbReconnect reconnect;
    PbAway away;
    PbMemory memory;
    PbIommu iommu;
    PbBar bars[PB_MAX_BARS];
    MemoryRegion msix_off[2];   /* over table and PBA while it is off */
    VMChangeStateEntry *vm_handler;

    /* what the back-end was told last */
    bool bus_master;
    bool msix_enabled;
    bool intx_disabled;
    bool d3hot;

    bool gone;                  /* as if the link were down */
    bool off;                   /* gone or in D3hot: MMIO does not get through */
    bool exiting;
    uint8_t pm_cap;             /* where the capability is, or 0 */
};

#define PB_ID_UNSET UINT32_MAX

#include "parts.h"

#endif /* PUSHBELL_H */
