/* SPDX-License-Identifier: GPL-2.0-or-later OR MIT */
/* Generated from device/abi by "npm run generate"; do not edit. */
#ifndef PUSHBELL_PROTO_H
#define PUSHBELL_PROTO_H
#include "qemu/compiler.h"

/* vhost-user messages */
#define PB_VHOST_USER_VERSION 1 /* version in the header flags */
#define PB_F_PROTOCOL_FEATURES 30 /* VHOST_USER_F_PROTOCOL_FEATURES: bit number in GET_FEATURES */
#define PB_F_ACCESS_PLATFORM 33 /* VIRTIO_F_ACCESS_PLATFORM: bit number in GET_FEATURES; DMA addresses go through IOTLB messages */
#define PB_PROTOCOL_F_REPLY_ACK 3 /* bit number */
#define PB_PROTOCOL_F_BACKEND_REQ 5 /* bit number */
#define PB_PROTOCOL_F_CONFIGURE_MEM_SLOTS 15 /* bit number */
#define PB_PROTOCOL_F_PCI_FUNCTION 48 /* bit number of the PCI-function extension */
#define PB_EXTENSION_VERSION 2 /* version of the PCI-function extension */
#define PB_MAX_PAYLOAD 0x1000u /* largest payload that either side accepts */
#define PB_MAX_FDS 8 /* most file descriptors with one message */
#define PB_MAX_MEM_SLOTS 64 /* answer to GET_MAX_MEM_SLOTS */
#define PB_MAX_BARS 6 /* BARs of a function */
#define PB_MAX_RANGES 4 /* ranges described per BAR */

/* front-end requests */
enum pb_request {
	PB_REQUEST_GET_FEATURES = 1, /* standard */
	PB_REQUEST_SET_FEATURES = 2, /* standard */
	PB_REQUEST_SET_OWNER = 3, /* standard */
	PB_REQUEST_RESET_OWNER = 4, /* standard, accepted and without effect (deprecated) */
	PB_REQUEST_SET_MEM_TABLE = 5, /* standard; replaces all memory regions */
	PB_REQUEST_GET_PROTOCOL_FEATURES = 15, /* standard */
	PB_REQUEST_SET_PROTOCOL_FEATURES = 16, /* standard */
	PB_REQUEST_SET_BACKEND_REQ_FD = 21, /* standard; one fd: the back-end request channel */
	PB_REQUEST_IOTLB_MSG = 22, /* standard; iotlb: update, invalidate, access fail */
	PB_REQUEST_GET_MAX_MEM_SLOTS = 36, /* standard */
	PB_REQUEST_ADD_MEM_REG = 37, /* standard; one fd */
	PB_REQUEST_REM_MEM_REG = 38, /* standard */
	PB_REQUEST_PCI_GET_FUNCTION = 0x50420001u, /* reply: function description */
	PB_REQUEST_PCI_SET_RING = 0x50420002u, /* ring_setup; 3 fds: ring memfd, kick eventfd, answer eventfd; acknowledged */
	PB_REQUEST_PCI_STATE_GET_FD = 0x50420003u, /* reply: state_region with 1 fd: a new state region, zeroed by the back-end */
	PB_REQUEST_PCI_STATE_SET_FD = 0x50420004u, /* state_region with 1 fd: the region of the connection before; acknowledged */
	PB_REQUEST_PCI_SET_IRQ_FD = 0x50420005u, /* irq_fd; 1 fd (eventfd) to set, none to remove; acknowledged */
	PB_REQUEST_PCI_RUN = 0x50420006u, /* no payload: the function may do DMA and raise interrupts from now on; acknowledged */
	PB_REQUEST_PCI_STOP = 0x50420007u, /* no payload: acknowledged when DMA and interrupts have ceased */
	PB_REQUEST_PCI_CONTROL = 0x50420008u, /* control: an event of the function that is ordered with MMIO; acknowledged */
	PB_REQUEST_PCI_MMIO_READ = 0x50420009u, /* mmio: debugging path; reply: mmio with data */
	PB_REQUEST_PCI_MMIO_WRITE = 0x5042000au, /* mmio: debugging path; acknowledged */
	PB_REQUEST_PCI_SET_BAR_RAM = 0x5042000bu, /* bar_ram; 1 fd: memory behind the RAM ranges of a BAR; acknowledged */
};

/* back-end requests */
enum pb_backend_request {
	PB_BACKEND_REQUEST_IOTLB_MSG = 1, /* standard; iotlb: miss */
	PB_BACKEND_REQUEST_PCI_LOG = 0x50428001u, /* text (UTF-8, at most 256 bytes) for the log of the front-end */
};

/* kinds of PCI_CONTROL */
enum pb_control {
	PB_CONTROL_BUS_MASTER = 1, /* VALUE 1: Bus Master Enable set, 0: cleared; acknowledged when no DMA is under way */
	PB_CONTROL_FUNCTION_RESET = 2, /* function-level reset; the reset epoch in the message is the new one */
	PB_CONTROL_BUS_RESET = 3, /* reset of the bus, slot or machine; the reset epoch in the message is the new one */
	PB_CONTROL_MSIX_ENABLE = 4, /* VALUE 1: MSI-X on, 0: off */
	PB_CONTROL_INTX_DISABLE = 5, /* VALUE: the Interrupt Disable bit */
	PB_CONTROL_POWER = 6, /* VALUE 1: D0, 0: D3hot, where there is no DMA and no interrupt; the state is kept */
};

/* kinds of BAR ranges */
enum pb_range_kind {
	PB_RANGE_KIND_NONE = 0, /* unused entry */
	PB_RANGE_KIND_TRAPPED = 1, /* every access goes through the ring */
	PB_RANGE_KIND_RAM = 2, /* plain shared memory */
	PB_RANGE_KIND_MSIX = 3, /* MSI-X table and pending-bit array, kept by the front-end */
};

/* BAR flags */
enum pb_bar_flag {
	PB_BAR_FLAG_MEM64 = 1, /* 64-bit BAR; it takes the next BAR number too */
	PB_BAR_FLAG_PREFETCHABLE = 2, /* prefetchable */
};

/* types of an IOTLB message */
enum pb_iotlb_type {
	PB_IOTLB_TYPE_MISS = 1, /* back-end: the translation of IOVA is wanted, with PERM */
	PB_IOTLB_TYPE_UPDATE = 2, /* front-end: IOVA … IOVA + SIZE is at UADDR of the front-end, with PERM */
	PB_IOTLB_TYPE_INVALIDATE = 3, /* front-end: translations of the range are void; acknowledged when no DMA uses them any more */
	PB_IOTLB_TYPE_ACCESS_FAIL = 4, /* front-end: the miss for IOVA and PERM has no translation: a fault */
};

/* permissions of an IOTLB message */
enum pb_iotlb_perm {
	PB_IOTLB_PERM_READ = 1, /* the function may read memory */
	PB_IOTLB_PERM_WRITE = 2, /* the function may write memory */
};

/* values of the acknowledgement of PCI_STATE_SET_FD */
enum pb_state_result {
	PB_STATE_RESULT_OK = 0, /* taken over */
	PB_STATE_RESULT_BAD_FD = 1, /* not a sealed memfd of the given size */
	PB_STATE_RESULT_BAD_VERSION = 2, /* layout version that this back-end does not know */
	PB_STATE_RESULT_BAD_CONTENT = 3, /* the region does not hold a state */
};

/* Message header. */
struct pb_header {
	uint32_t request; /* request code */
	uint32_t flags; /* version and flags */
	uint32_t size; /* bytes of payload */
} __attribute__((packed, aligned(4)));
#define PB_HEADER_FLAGS_VERSION 0x3u /* protocol version: 1 */
#define PB_HEADER_FLAGS_REPLY 0x4u /* this is a reply */
#define PB_HEADER_FLAGS_NEED_REPLY 0x8u /* an acknowledgement is wanted (REPLY_ACK) */
QEMU_BUILD_BUG_ON(!(sizeof(struct pb_header) == 12));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_header, request) == 0));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_header, flags) == 4));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_header, size) == 8));

/* Payload of feature messages and of acknowledgements (0 is success). */
struct pb_u64_payload {
	uint64_t value; /* value */
} __attribute__((packed, aligned(4)));
QEMU_BUILD_BUG_ON(!(sizeof(struct pb_u64_payload) == 8));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_u64_payload, value) == 0));

/* Entry of SET_MEM_TABLE; ADD_MEM_REG and REM_MEM_REG have 8 bytes of padding before it. */
struct pb_mem_region {
	uint64_t guest_address; /* guest physical address */
	uint64_t size; /* bytes */
	uint64_t user_address; /* address in the front-end */
	uint64_t mmap_offset; /* offset in the file */
} __attribute__((packed, aligned(4)));
QEMU_BUILD_BUG_ON(!(sizeof(struct pb_mem_region) == 32));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_mem_region, guest_address) == 0));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_mem_region, size) == 8));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_mem_region, user_address) == 16));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_mem_region, mmap_offset) == 24));

/* Head of SET_MEM_TABLE, before up to 8 regions. */
struct pb_mem_table {
	uint32_t count; /* regions */
	uint8_t reserved0[4];
} __attribute__((packed, aligned(4)));
QEMU_BUILD_BUG_ON(!(sizeof(struct pb_mem_table) == 8));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_mem_table, count) == 0));

/* Payload of IOTLB_MSG, both ways. */
struct pb_iotlb {
	uint64_t iova; /* I/O virtual address */
	uint64_t size; /* bytes */
	uint64_t uaddr; /* address in the front-end, as in mem_region; UPDATE only */
	uint8_t perm; /* permissions */
	uint8_t type; /* type */
	uint8_t reserved0[6];
} __attribute__((packed, aligned(4)));
QEMU_BUILD_BUG_ON(!(sizeof(struct pb_iotlb) == 32));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_iotlb, iova) == 0));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_iotlb, size) == 8));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_iotlb, uaddr) == 16));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_iotlb, perm) == 24));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_iotlb, type) == 25));

/* A range of a BAR. */
struct pb_range {
	uint32_t kind; /* kind of range */
	uint8_t reserved0[4];
	uint64_t offset; /* offset in the BAR */
	uint64_t size; /* bytes */
} __attribute__((packed, aligned(4)));
QEMU_BUILD_BUG_ON(!(sizeof(struct pb_range) == 24));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_range, kind) == 0));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_range, offset) == 8));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_range, size) == 16));

/* A BAR and what its ranges are. Offsets outside every range read as zero and ignore writes. */
struct pb_bar {
	uint64_t size; /* bytes, a power of two; 0: no such BAR */
	uint32_t flags; /* BAR flags */
	uint8_t reserved0[4];
	uint8_t ranges[96]; /* four ranges */
} __attribute__((packed, aligned(4)));
QEMU_BUILD_BUG_ON(!(sizeof(struct pb_bar) == 112));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_bar, size) == 0));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_bar, flags) == 8));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_bar, ranges) == 16));

/* Payload of PCI_GET_FUNCTION: everything that the front-end has to know of the function. */
struct pb_function {
	uint32_t version; /* EXTENSION_VERSION */
	uint16_t vendor_id; /* PCI vendor */
	uint16_t device_id; /* PCI device */
	uint32_t class_code; /* class, subclass, programming interface in the low 24 bits */
	uint16_t subsystem_vendor_id; /* subsystem vendor */
	uint16_t subsystem_id; /* subsystem */
	uint8_t revision; /* revision */
	uint8_t interrupt_pin; /* 0: none, 1: INTA */
	uint16_t msix_vectors; /* 0: no MSI-X */
	uint8_t msix_table_bar; /* BAR of the MSI-X table */
	uint8_t msix_pba_bar; /* BAR of the pending-bit array */
	uint8_t pcie; /* 1: PCI Express endpoint with function-level reset */
	uint8_t reserved0[1];
	uint32_t msix_table_offset; /* offset in its BAR */
	uint32_t msix_pba_offset; /* offset in its BAR */
	uint32_t ring_slots; /* slots that the back-end wants in the MMIO ring, a power of two */
	uint32_t state_version; /* version of the layout of the state region */
	uint64_t state_size; /* bytes of the state region */
	uint8_t bars[672]; /* six BARs */
	uint8_t link_speed; /* PCI Express: Max Link Speed, 1 (2.5 GT/s) to 5 (32 GT/s) */
	uint8_t link_width; /* PCI Express: Maximum Link Width, in lanes */
	uint8_t reserved1[14];
} __attribute__((packed, aligned(4)));
QEMU_BUILD_BUG_ON(!(sizeof(struct pb_function) == 736));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_function, version) == 0));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_function, vendor_id) == 4));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_function, device_id) == 6));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_function, class_code) == 8));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_function, subsystem_vendor_id) == 12));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_function, subsystem_id) == 14));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_function, revision) == 16));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_function, interrupt_pin) == 17));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_function, msix_vectors) == 18));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_function, msix_table_bar) == 20));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_function, msix_pba_bar) == 21));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_function, pcie) == 22));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_function, msix_table_offset) == 24));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_function, msix_pba_offset) == 28));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_function, ring_slots) == 32));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_function, state_version) == 36));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_function, state_size) == 40));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_function, bars) == 48));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_function, link_speed) == 720));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_function, link_width) == 721));

/* Payload of PCI_SET_RING. */
struct pb_ring_setup {
	uint64_t size; /* bytes of the memfd */
	uint32_t slots; /* slots, a power of two */
	uint32_t session; /* number of this connection; SESSION of the ring header differs once it is given up */
} __attribute__((packed, aligned(4)));
QEMU_BUILD_BUG_ON(!(sizeof(struct pb_ring_setup) == 16));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_ring_setup, size) == 0));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_ring_setup, slots) == 8));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_ring_setup, session) == 12));

/* Payload of PCI_STATE_GET_FD (reply) and PCI_STATE_SET_FD. */
struct pb_state_region {
	uint64_t size; /* bytes */
	uint32_t version; /* layout version */
	uint32_t reset_epoch; /* reset epoch of the ring header when this was sent */
	uint64_t instance; /* random number drawn when the region was made */
	uint8_t reserved0[8];
} __attribute__((packed, aligned(4)));
QEMU_BUILD_BUG_ON(!(sizeof(struct pb_state_region) == 32));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_state_region, size) == 0));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_state_region, version) == 8));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_state_region, reset_epoch) == 12));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_state_region, instance) == 16));

/* Payload of PCI_SET_IRQ_FD. */
struct pb_irq_fd {
	uint32_t vector; /* 0 to 2,047 */
	uint8_t reserved0[4];
} __attribute__((packed, aligned(4)));
QEMU_BUILD_BUG_ON(!(sizeof(struct pb_irq_fd) == 8));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_irq_fd, vector) == 0));

/* Payload of PCI_CONTROL. */
struct pb_control_event {
	uint32_t kind; /* kind of control event */
	uint32_t value; /* meaning depends on the kind */
	uint32_t producer; /* ring producer index when the event happened: it is handled after the slots before it */
	uint32_t reset_epoch; /* reset epoch of the ring header */
	uint8_t reserved0[8];
} __attribute__((packed, aligned(4)));
QEMU_BUILD_BUG_ON(!(sizeof(struct pb_control_event) == 24));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_control_event, kind) == 0));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_control_event, value) == 4));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_control_event, producer) == 8));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_control_event, reset_epoch) == 12));

/* Payload of PCI_MMIO_READ and PCI_MMIO_WRITE. */
struct pb_mmio {
	uint8_t bar; /* BAR */
	uint8_t size; /* 1, 2, 4 or 8 */
	uint8_t reserved0[6];
	uint64_t offset; /* offset in the BAR */
	uint64_t data; /* data */
} __attribute__((packed, aligned(4)));
QEMU_BUILD_BUG_ON(!(sizeof(struct pb_mmio) == 24));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_mmio, bar) == 0));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_mmio, size) == 1));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_mmio, offset) == 8));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_mmio, data) == 16));

/* Payload of PCI_SET_BAR_RAM. */
struct pb_bar_ram {
	uint32_t bar; /* BAR */
	uint8_t reserved0[4];
	uint64_t size; /* bytes of the memfd: the BAR size */
} __attribute__((packed, aligned(4)));
QEMU_BUILD_BUG_ON(!(sizeof(struct pb_bar_ram) == 16));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_bar_ram, bar) == 0));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_bar_ram, size) == 8));

/* MMIO ring */
#define PB_RING_MAGIC 0x474e5250u /* "PRNG" */
#define PB_RING_HEADER_BYTES 0x1000u /* slots start here */
#define PB_RING_SLOT_BYTES 64 /* one slot */
#define PB_RING_SLOTS_MAX 0x10000u /* slots at most */

/* operation of a slot */
enum pb_ring_op {
	PB_RING_OP_WRITE = 1, /* posted write */
	PB_RING_OP_READ = 2, /* read request; answered in the slot */
};

/* status of an answer */
enum pb_answer_status {
	PB_ANSWER_STATUS_OK = 0, /* ANSWER_DATA holds the value */
	PB_ANSWER_STATUS_UNSUPPORTED = 1, /* the front-end gives all-ones */
};

/* Ring header. Each group of words has its own cache line and one writer. */
struct pb_ring {
	uint32_t magic; /* RING_MAGIC; front-end, at creation */
	uint32_t version; /* EXTENSION_VERSION; front-end, at creation */
	uint32_t slots; /* front-end, at creation */
	uint8_t reserved0[52];
	uint32_t producer; /* front-end: slots filled so far; stored with release after the slot */
	uint32_t reset_epoch; /* front-end: raised by every reset; slots of an older epoch are dropped */
	uint32_t answer_waiting; /* front-end: 1 while it sleeps on the answer eventfd (for an answer or for room) */
	uint32_t session; /* front-end: number of the connection that the ring belongs to; raised before a connection is given up */
	uint8_t reserved1[48];
	uint32_t consumer; /* back-end: slots done so far; stored with release */
	uint8_t reserved2[60];
	uint32_t irq_raised; /* back-end: interrupts raised so far, all vectors; stored before the eventfd is written */
	uint32_t intx_level; /* back-end: level of INTx */
	uint8_t reserved3[56];
	uint32_t asleep; /* back-end: 1 when it is about to sleep on the kick eventfd; the front-end exchanges it with 0 when it kicks */
	uint32_t alive; /* back-end: process id of the connected back-end */
	uint8_t reserved4[56];
} __attribute__((packed, aligned(4)));
QEMU_BUILD_BUG_ON(!(sizeof(struct pb_ring) == 320));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_ring, magic) == 0));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_ring, version) == 4));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_ring, slots) == 8));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_ring, producer) == 64));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_ring, reset_epoch) == 68));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_ring, answer_waiting) == 72));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_ring, session) == 76));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_ring, consumer) == 128));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_ring, irq_raised) == 192));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_ring, intx_level) == 196));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_ring, asleep) == 256));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_ring, alive) == 260));

/* One slot. Words up to DATA are written by the front-end, the answer by the back-end. */
struct pb_slot {
	uint32_t seq; /* index of this slot, free running */
	uint8_t op; /* operation */
	uint8_t bar; /* BAR */
	uint8_t size; /* 1, 2, 4 or 8 bytes */
	uint8_t reserved0[1];
	uint32_t epoch; /* reset epoch when the access was made */
	uint8_t reserved1[4];
	uint64_t offset; /* offset in the BAR */
	uint64_t data; /* data of a write */
	uint64_t answer_data; /* data of a read */
	uint32_t answer_irq; /* interrupts raised up to here: the front-end delivers them before it returns the value */
	uint32_t answer_status; /* status */
	uint32_t answer_seq; /* SEQ + 1; stored last, with release: the answer is there */
	uint8_t reserved2[12];
} __attribute__((packed, aligned(4)));
QEMU_BUILD_BUG_ON(!(sizeof(struct pb_slot) == 64));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_slot, seq) == 0));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_slot, op) == 4));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_slot, bar) == 5));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_slot, size) == 6));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_slot, epoch) == 8));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_slot, offset) == 16));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_slot, data) == 24));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_slot, answer_data) == 32));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_slot, answer_irq) == 40));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_slot, answer_status) == 44));
QEMU_BUILD_BUG_ON(!(offsetof(struct pb_slot, answer_seq) == 48));

#endif /* PUSHBELL_PROTO_H */
