/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Generated from device/abi by "npm run generate"; do not edit. */
#ifndef PUSHBELL_ABI_H
#define PUSHBELL_ABI_H
#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/types.h>

/* PCI function, registers and doorbell pages */
#define PB_PCI_VENDOR 0x1234u /* PCI vendor (private use, shared with QEMU) */
#define PB_PCI_DEVICE 0x7062u /* PCI device: "pb" */
#define PB_PCI_CLASS 0x20700u /* class code: network controller, InfiniBand (host channel adapter) */
#define PB_PCI_REVISION 1 /* PCI revision */
#define PB_REGISTER_BAR 0 /* BAR of the register page */
#define PB_REGISTER_BAR_BYTES 0x1000u /* size of the register BAR */
#define PB_DOORBELL_BAR 2 /* BAR of the doorbell pages (64-bit, prefetchable: it may be mapped write-combining) */
#define PB_DOORBELL_PAGE_BYTES 0x1000u /* size of one doorbell page */
#define PB_DOORBELL_PAGES 0x100u /* number of doorbell pages; page 0 belongs to the kernel driver */
#define PB_MSIX_BAR 4 /* BAR of MSI-X table and pending-bit array */
#define PB_MSIX_BAR_BYTES 0x2000u /* size of the MSI-X BAR */
#define PB_MSIX_TABLE_OFFSET 0 /* MSI-X table inside its BAR */
#define PB_MSIX_PBA_OFFSET 0x1000u /* pending-bit array inside its BAR */
#define PB_MSIX_VECTORS 32 /* number of MSI-X vectors */
#define PB_DEVICE_MAGIC 0x4c454250u /* content of ID: "PBEL" */
#define PB_ABI_MAJOR 2 /* drivers refuse a major version that they do not know */
#define PB_ABI_MINOR 0 /* grows when something is added that an older driver may ignore */
#define PB_RESET_MAGIC 0x52455345u /* value that RESET wants */
#define PB_PRIORITY_AREA_OFFSET 0x800u /* priority area inside a doorbell page */
#define PB_PUSH_BUFFERS 4 /* push buffers in one priority area */
#define PB_PUSH_BUFFER_STRIDE 0x200u /* distance between push buffers */
#define PB_PUSH_BUFFER_BYTES 0x100u /* descriptor bytes that one push buffer takes */
#define PB_PUSH_LENGTH_UNIT 16 /* unit of the length in a trailer, in bytes */
#define PB_PUSH_SLOTS 16 /* pushed descriptors of each doorbell page that the scheduler holds at most */

/* bits of FEATURES */
enum pb_feature {
	PB_FEATURE_PUSH_TRAPPED = 1, /* each store into a push buffer is seen by the adapter */
	PB_FEATURE_DMA_ENGINE = 2, /* COPY and FILL */
	PB_FEATURE_VERBS = 8, /* UC, UD, shared receive queues, RDMA, atomics, fast registration */
	PB_FEATURE_LOOPBACK = 4, /* the port is an in-process loopback link with rate and hold */
};

/* what a DMA fault was about */
enum pb_fault_object {
	PB_FAULT_OBJECT_SEND_QUEUE = 1, /* a descriptor of a send queue was read */
	PB_FAULT_OBJECT_RECV_QUEUE = 2, /* a descriptor of a receive queue was read */
	PB_FAULT_OBJECT_GATHER = 3, /* data was read */
	PB_FAULT_OBJECT_SCATTER = 4, /* data was written */
	PB_FAULT_OBJECT_CQ = 5, /* a completion was written */
	PB_FAULT_OBJECT_EQ = 6, /* an event was written */
	PB_FAULT_OBJECT_MAILBOX = 7, /* the command mailbox */
	PB_FAULT_OBJECT_PAGE_LIST = 8, /* the page list of REGISTER_MR, REREGISTER_MR or FAST_REG */
	PB_FAULT_OBJECT_SRQ = 9, /* a descriptor of a shared receive queue was read */
	PB_FAULT_OBJECT_REMOTE_READ = 10, /* data was read for the peer of a queue pair */
	PB_FAULT_OBJECT_REMOTE_WRITE = 11, /* data was written for the peer of a queue pair, or an atomic carried out */
};

/* bits of STATUS */
enum pb_status_bit {
	PB_STATUS_BIT_READY = 1, /* the adapter answers */
	PB_STATUS_BIT_ENABLED = 2, /* CONTROL.ENABLE is set */
	PB_STATUS_BIT_BUS_MASTER = 4, /* the function may do DMA */
};

/* Register page, BAR 0. Offsets from 0x80 to the end of the page are reserved. */
#define PB_REG_ID 0x0 /* DEVICE_MAGIC */
#define PB_REG_ABI_VERSION 0x4 /* version of this interface */
#define PB_REG_FEATURES 0x8 /* see the table of feature bits */
#define PB_REG_STATUS 0xc /* see the table of status bits */
#define PB_REG_CONTROL 0x10 /* what the driver switches */
#define PB_REG_RESET 0x14 /* writing RESET_MAGIC resets the function: every object is gone, registers are as after power-on */
#define PB_REG_RESET_EPOCH 0x18 /* number of resets that have completed */
#define PB_REG_DOORBELL_PAGES 0x1c /* number of doorbell pages */
#define PB_REG_MAILBOX_LO 0x20 /* command mailbox, bus address, low half; 4,096 bytes, 4,096-byte aligned */
#define PB_REG_MAILBOX_HI 0x24 /* command mailbox, high half */
#define PB_REG_COMMAND 0x28 /* starts the command whose input stands in the mailbox */
#define PB_REG_COMMAND_STATUS 0x2c /* outcome of the last command; done when TOGGLE equals the one written */
#define PB_REG_MAC_LO 0x30 /* MAC address, bytes 0 to 3 */
#define PB_REG_MAC_HI 0x34 /* MAC address, bytes 4 and 5 */
#define PB_REG_SCRATCH 0x38 /* holds what was written; for probes and measurements */
#define PB_REG_INTERRUPT_TEST 0x3c /* raises the MSI-X vector whose number is written */
#define PB_REG_COUNT_DOORBELLS 0x40 /* send and receive doorbells that moved a producer index */
#define PB_REG_COUNT_PUSHES 0x44 /* pushes accepted: the descriptor runs from the pushed bytes */
#define PB_REG_COUNT_PUSH_FALLBACKS 0x48 /* trailers that acted as an ordinary doorbell */
#define PB_REG_COUNT_IGNORED 0x4c /* doorbells and trailers for an index that was already taken */
#define PB_REG_COUNT_REFUSED 0x50 /* doorbells and trailers for a queue that is unknown, in the wrong state or owned by another page */
#define PB_REG_COUNT_BAD_ACCESSES 0x54 /* accesses of a wrong size, alignment or offset */
#define PB_REG_COUNT_DESCRIPTOR_READS 0x58 /* send descriptors read from guest memory */
#define PB_REG_COUNT_COMPLETIONS 0x5c /* completion queue entries written */
#define PB_REG_COUNT_PACKETS 0x60 /* packets handed to the link */
#define PB_REG_INTERRUPT_CAUSE 0x64 /* MSI-X off: a bit for each vector that was raised; INTA is asserted while one is set; write 1 to clear */
#define PB_REG_COUNT_DMA_FAULTS 0x68 /* accesses to guest memory that failed */
#define PB_REG_FAULT_ADDRESS_LO 0x6c /* bus address of the last DMA fault, low half */
#define PB_REG_FAULT_ADDRESS_HI 0x70 /* the same, high half */
#define PB_REG_FAULT_INFO 0x74 /* what the last DMA fault was about */
#define PB_REG_FAULT_INDEX 0x78 /* work-queue index of the descriptor that was under way */
#define PB_REG_ABI_VERSION_MINOR 0xffffu /* ABI_MINOR */
#define PB_REG_ABI_VERSION_MAJOR 0xffff0000u /* ABI_MAJOR */
#define PB_REG_CONTROL_ENABLE 0x1u /* queues run only while set */
#define PB_REG_COMMAND_OPCODE 0xffffu /* command code */
#define PB_REG_COMMAND_TOGGLE 0x80000000u /* comes back in COMMAND_STATUS */
#define PB_REG_COMMAND_STATUS_STATUS 0xffu /* command status */
#define PB_REG_COMMAND_STATUS_BUSY 0x40000000u /* a command is under way */
#define PB_REG_COMMAND_STATUS_TOGGLE 0x80000000u /* toggle of the last command that ended */
#define PB_REG_FAULT_INFO_NUMBER 0xffffffu /* queue; zero for the mailbox */
#define PB_REG_FAULT_INFO_OBJECT 0xf000000u /* see the table of fault objects; zero: there was no fault */
#define PB_REG_FAULT_INFO_WRITE 0x10000000u /* the adapter wanted to write */

/* One doorbell page, BAR 2. Every register is 64 bits wide and written with one store; reads give zero. */
#define PB_DB_SEND 0x0 /* rings a send queue: descriptors up to but not including INDEX may be read */
#define PB_DB_RECV 0x8 /* rings a receive queue */
#define PB_DB_CQ_ARM 0x10 /* reports the consumer index of a completion queue and asks for one event on the next completion */
#define PB_DB_CQ_UPDATE 0x18 /* reports the consumer index of a completion queue */
#define PB_DB_EQ_ARM 0x20 /* reports the consumer index of an event queue and asks for one interrupt on the next event; page 0 only */
#define PB_DB_SRQ 0x28 /* rings a shared receive queue */
#define PB_DB_PRIORITY_AREA 0x800 /* four push buffers of 512 bytes each */
#define PB_DB_SEND_NUMBER 0xffffffULL /* queue number */
#define PB_DB_SEND_INDEX 0xffff00000000ULL /* new producer index, or consumer index: free running, modulo 65,536 */
#define PB_DB_RECV_NUMBER 0xffffffULL /* queue number */
#define PB_DB_RECV_INDEX 0xffff00000000ULL /* new producer index, or consumer index: free running, modulo 65,536 */
#define PB_DB_CQ_ARM_NUMBER 0xffffffULL /* queue number */
#define PB_DB_CQ_ARM_INDEX 0xffff00000000ULL /* new producer index, or consumer index: free running, modulo 65,536 */
#define PB_DB_CQ_ARM_SOLICITED 0x8000000000000000ULL /* only a solicited or failed completion counts */
#define PB_DB_CQ_UPDATE_NUMBER 0xffffffULL /* queue number */
#define PB_DB_CQ_UPDATE_INDEX 0xffff00000000ULL /* new producer index, or consumer index: free running, modulo 65,536 */
#define PB_DB_EQ_ARM_NUMBER 0xffffffULL /* queue number */
#define PB_DB_EQ_ARM_INDEX 0xffff00000000ULL /* new producer index, or consumer index: free running, modulo 65,536 */
#define PB_DB_SRQ_NUMBER 0xffffffULL /* queue number */
#define PB_DB_SRQ_INDEX 0xffff00000000ULL /* new producer index, or consumer index: free running, modulo 65,536 */

/* One push buffer. Whole when every byte of the descriptor was stored exactly once since the last trailer. */
#define PB_PUSH_DESCRIPTOR 0x0 /* the descriptor, from its first byte on */
#define PB_PUSH_TRAILER 0x100 /* the trigger: the last store of a push */
#define PB_PUSH_TRAILER_QPN 0xffffffULL /* queue pair */
#define PB_PUSH_TRAILER_LENGTH 0xff000000ULL /* descriptor length in units of 16 bytes, 2 to 16 */
#define PB_PUSH_TRAILER_INDEX 0xffff00000000ULL /* work-queue index of the descriptor */
#define PB_PUSH_TRAILER_BUFFER 0xff000000000000ULL /* number of this push buffer in its page */
#define PB_PUSH_TRAILER_GENERATION 0xff00000000000000ULL /* trailers written to this buffer before, modulo 256 */

/* Commands */
#define PB_MAILBOX_BYTES 0x1000u /* size of the mailbox */
#define PB_MAILBOX_OUTPUT_OFFSET 0x800u /* where the output starts */
#define PB_MR_PAGES_MAX 0x40000u /* pages of one memory region */
#define PB_PAGE_SHIFT_MIN 12 /* smallest page of a memory region */
#define PB_PAGE_SHIFT_MAX 30 /* largest page of a memory region */
#define PB_FAST_PAGES_MAX 0x200u /* pages of a region for fast registration */
#define PB_RD_ATOMIC_MAX 16 /* READs and atomics under way on one queue pair, as requester or responder */
#define PB_GSI_QPN 1 /* queue pair number of the general services interface */
#define PB_PKEY_DEFAULT 0xffffu /* the one partition key, at index 0 */
#define PB_QKEY_PRIVILEGED 0x80000000u /* a Q_Key with this bit in a descriptor stands for the queue pair's own (IBTA 10.2.5) */
#define PB_MODERATION_US_MAX 0xffffu /* longest moderation period in microseconds */

/* command codes */
enum pb_command {
	PB_COMMAND_QUERY_DEVICE = 1, /* limits of the adapter */
	PB_COMMAND_QUERY_PORT = 2, /* state and limits of the port */
	PB_COMMAND_SET_GID = 3, /* writes or clears an entry of the GID table */
	PB_COMMAND_QUERY_GID = 4, /* input: cmd_set_gid with only the index; output: the entry */
	PB_COMMAND_QUERY_COUNTERS = 5, /* counters of the port, a queue pair or a doorbell page */
	PB_COMMAND_CREATE_EQ = 16, /* event queue on an MSI-X vector */
	PB_COMMAND_DESTROY_EQ = 17, /* input: handle */
	PB_COMMAND_QUERY_EQ = 18, /* input: handle */
	PB_COMMAND_ALLOC_PD = 32, /* protection domain */
	PB_COMMAND_DEALLOC_PD = 33, /* input: handle */
	PB_COMMAND_ALLOC_PAGE = 40, /* doorbell page; output: its number */
	PB_COMMAND_FREE_PAGE = 41, /* input: handle */
	PB_COMMAND_REGISTER_MR = 48, /* memory region */
	PB_COMMAND_DEREGISTER_MR = 49, /* input: handle (the key; of kind FAST with any tag) */
	PB_COMMAND_QUERY_MR = 50, /* input: handle (the key; of kind FAST with any tag) */
	PB_COMMAND_ALLOC_MR = 51, /* memory region without memory, for fast registration */
	PB_COMMAND_REREGISTER_MR = 52, /* new protection domain, rights or memory for a region; its key changes */
	PB_COMMAND_CREATE_CQ = 64, /* completion queue */
	PB_COMMAND_DESTROY_CQ = 65, /* input: handle */
	PB_COMMAND_QUERY_CQ = 66, /* input: handle */
	PB_COMMAND_RESIZE_CQ = 67, /* another buffer for a completion queue; what is not consumed moves with it */
	PB_COMMAND_MODIFY_CQ = 68, /* moderation: events by count and time */
	PB_COMMAND_CREATE_SRQ = 72, /* shared receive queue */
	PB_COMMAND_MODIFY_SRQ = 73, /* arms the limit event */
	PB_COMMAND_QUERY_SRQ = 74, /* input: handle */
	PB_COMMAND_DESTROY_SRQ = 75, /* input: handle */
	PB_COMMAND_CREATE_QP = 80, /* queue pair */
	PB_COMMAND_MODIFY_QP = 81, /* state and attributes of a queue pair */
	PB_COMMAND_QUERY_QP = 82, /* input: handle */
	PB_COMMAND_DESTROY_QP = 83, /* input: handle */
	PB_COMMAND_CREATE_AH = 88, /* address handle */
	PB_COMMAND_QUERY_AH = 89, /* input: handle; output: cmd_ah */
	PB_COMMAND_MODIFY_AH = 90, /* another address in the same handle */
	PB_COMMAND_DESTROY_AH = 91, /* input: handle */
	PB_COMMAND_SET_LINK = 96, /* rate and hold of the loopback link and the DMA engine; for tests */
	PB_COMMAND_QUERY_LINK = 97, /* rate and hold */
};

/* command status */
enum pb_command_code {
	PB_COMMAND_CODE_OK = 0, /* done */
	PB_COMMAND_CODE_BAD_OPCODE = 1, /* no such command */
	PB_COMMAND_CODE_BAD_PARAMETER = 2, /* a field is out of range, misaligned, or a reserved field is not zero */
	PB_COMMAND_CODE_BAD_HANDLE = 3, /* no such object */
	PB_COMMAND_CODE_NO_RESOURCE = 4, /* the adapter has no more of these */
	PB_COMMAND_CODE_BUSY = 5, /* the object is in use by another object */
	PB_COMMAND_CODE_BAD_STATE = 6, /* not allowed in the present state of the object */
	PB_COMMAND_CODE_FAULT = 7, /* the mailbox or a page list is not in memory that the adapter can reach */
	PB_COMMAND_CODE_NO_BUS_MASTER = 8, /* Bus Master Enable is off: the adapter may not read the mailbox */
};

/* kind of a memory region */
enum pb_mr_kind {
	PB_MR_KIND_PAGE_LIST = 0, /* pages named by a list of bus addresses */
	PB_MR_KIND_WHOLE_MEMORY = 1, /* all of memory: the I/O virtual address is the bus address; for kernel use */
	PB_MR_KIND_FAST = 2, /* pages named by FAST_REG descriptors; no memory between LOCAL_INV (or a remote invalidation) and the next FAST_REG */
};

/* access rights of a memory region */
enum pb_access {
	PB_ACCESS_LOCAL_WRITE = 1, /* the adapter may write for its own queues */
	PB_ACCESS_REMOTE_WRITE = 2, /* a peer may write; needs LOCAL_WRITE */
	PB_ACCESS_REMOTE_READ = 4, /* a peer may read */
	PB_ACCESS_REMOTE_ATOMIC = 8, /* a peer may do atomics; needs LOCAL_WRITE */
};

/* type of a queue pair */
enum pb_qp_type {
	PB_QP_TYPE_RC = 0, /* reliable connection: send and receive queue */
	PB_QP_TYPE_DMA = 1, /* DMA channel: send queue only; NOP, COPY and FILL */
	PB_QP_TYPE_UC = 2, /* unreliable connection */
	PB_QP_TYPE_UD = 3, /* unreliable datagram */
	PB_QP_TYPE_GSI = 4, /* general services interface: datagrams, always number 1, one for the function */
};

/* flags of CREATE_QP */
enum pb_qp_flag {
	PB_QP_FLAG_PRIVILEGED = 1, /* FAST_REG, LOCAL_INV and Q_Keys with QKEY_PRIVILEGED are allowed; for kernel use */
};

/* bits of REREGISTER_MR.change */
enum pb_mr_change {
	PB_MR_CHANGE_MEMORY = 1, /* iova, length and pages */
	PB_MR_CHANGE_PD = 2, /* pd */
	PB_MR_CHANGE_ACCESS = 4, /* access */
};

/* whose counters QUERY_COUNTERS gives */
enum pb_counter_kind {
	PB_COUNTER_KIND_PORT = 0, /* of the port; handle 0 */
	PB_COUNTER_KIND_QP = 1, /* of a queue pair */
	PB_COUNTER_KIND_PAGE = 2, /* of a doorbell page */
};

/* state of the port (IBTA 14.2.5.6) */
enum pb_port_state {
	PB_PORT_STATE_DOWN = 1, /* no link */
	PB_PORT_STATE_ACTIVE = 4, /* packets pass */
};

/* type of an entry of the GID table */
enum pb_gid_type {
	PB_GID_TYPE_NONE = 0, /* free */
	PB_GID_TYPE_ROCE_V2 = 1, /* RoCEv2 */
};

/* state of a queue pair (IBTA 10.3.1) */
enum pb_qp_state {
	PB_QP_STATE_RESET = 0, /* nothing runs */
	PB_QP_STATE_INIT = 1, /* receives may be posted */
	PB_QP_STATE_RTR = 2, /* ready to receive */
	PB_QP_STATE_RTS = 3, /* ready to send */
	PB_QP_STATE_SQD = 4, /* send queue drained: what has begun ends, nothing else begins */
	PB_QP_STATE_SQE = 5, /* send queue in error: sends are flushed, receives go on; UC, UD and GSI */
	PB_QP_STATE_ERR = 6, /* everything posted is flushed */
};

/* bits of MODIFY_QP.attr_mask */
enum pb_qp_attr {
	PB_QP_ATTR_STATE = 1, /* state */
	PB_QP_ATTR_DEST_QPN = 2, /* dest_qpn */
	PB_QP_ATTR_MTU = 4, /* mtu */
	PB_QP_ATTR_SQ_PSN = 8, /* sq_psn */
	PB_QP_ATTR_RQ_PSN = 16, /* rq_psn */
	PB_QP_ATTR_CUR_STATE = 32, /* cur_state: the command is refused when the queue pair is in another state */
	PB_QP_ATTR_ACCESS = 64, /* access */
	PB_QP_ATTR_PKEY_INDEX = 128, /* pkey_index */
	PB_QP_ATTR_PORT = 0x100u, /* port */
	PB_QP_ATTR_QKEY = 0x200u, /* qkey */
	PB_QP_ATTR_AV = 0x400u, /* address vector */
	PB_QP_ATTR_MAX_RD_ATOMIC = 0x800u, /* max_rd_atomic */
	PB_QP_ATTR_MAX_DEST_RD_ATOMIC = 0x1000u, /* max_dest_rd_atomic */
	PB_QP_ATTR_MIN_RNR_TIMER = 0x2000u, /* min_rnr_timer */
	PB_QP_ATTR_TIMEOUT = 0x4000u, /* timeout */
	PB_QP_ATTR_RETRY_COUNT = 0x8000u, /* retry_count */
	PB_QP_ATTR_RNR_RETRY = 0x10000u, /* rnr_retry */
	PB_QP_ATTR_SQD_EVENT = 0x20000u, /* sqd_event */
};

/* path MTU, in the coding of IBTA 9.6 (payload bytes of one packet) */
enum pb_mtu {
	PB_MTU_MTU_256 = 1, /* 256 bytes */
	PB_MTU_MTU_512 = 2, /* 512 bytes */
	PB_MTU_MTU_1024 = 3, /* 1,024 bytes */
	PB_MTU_MTU_2048 = 4, /* 2,048 bytes */
	PB_MTU_MTU_4096 = 5, /* 4,096 bytes */
};

/* bits of the hold mask */
enum pb_hold {
	PB_HOLD_LINK = 1, /* reliable connections stand still: no packet and no operation of theirs begins */
	PB_HOLD_ENGINE = 2, /* DMA channels stand still: no slice of theirs begins */
	PB_HOLD_PORT = 4, /* the port is down: PORT_ERROR and PORT_ACTIVE events tell of the change; network queues stand still */
};

/* Input of every command that takes only a handle. */
struct pb_cmd_handle_in {
	__le32 handle; /* object */
	__u8 reserved0[12];
} __attribute__((packed, aligned(4)));
static_assert(sizeof(struct pb_cmd_handle_in) == 16);
static_assert(offsetof(struct pb_cmd_handle_in, handle) == 0);

/* Output of every command that makes an object. */
struct pb_cmd_handle_out {
	__le32 handle; /* object, key or page number */
	__u8 reserved0[12];
} __attribute__((packed, aligned(4)));
static_assert(sizeof(struct pb_cmd_handle_out) == 16);
static_assert(offsetof(struct pb_cmd_handle_out, handle) == 0);

/* Output of QUERY_DEVICE. */
struct pb_cmd_device_out {
	__le32 max_qp; /* queue pairs */
	__le32 max_cq; /* completion queues */
	__le32 max_eq; /* event queues */
	__le32 max_mr; /* memory regions */
	__le32 max_pd; /* protection domains */
	__le32 max_sge; /* gather and scatter entries of one descriptor together */
	__le32 max_depth; /* entries of a queue */
	__le32 max_mr_pages; /* pages of one memory region */
	__le32 push_slots; /* pushed descriptors of each doorbell page held at most */
	__le32 slice_bytes; /* COPY and FILL slice */
	__le64 max_message; /* bytes of one message */
	__le32 max_srq; /* shared receive queues */
	__le32 max_ah; /* address handles */
	__le32 max_gid; /* entries of the GID table */
	__le32 max_inline; /* bytes of inline data in one descriptor */
	__le32 max_inline_push; /* the same when it is pushed */
	__le32 max_fast_pages; /* pages of a region for fast registration */
	__le32 max_rd_atomic; /* READs and atomics under way on one queue pair */
	__le32 max_gather_rdma; /* gather or scatter entries of READ, atomics and datagrams */
	__u8 reserved0[40];
} __attribute__((packed, aligned(4)));
static_assert(sizeof(struct pb_cmd_device_out) == 120);
static_assert(offsetof(struct pb_cmd_device_out, max_qp) == 0);
static_assert(offsetof(struct pb_cmd_device_out, max_cq) == 4);
static_assert(offsetof(struct pb_cmd_device_out, max_eq) == 8);
static_assert(offsetof(struct pb_cmd_device_out, max_mr) == 12);
static_assert(offsetof(struct pb_cmd_device_out, max_pd) == 16);
static_assert(offsetof(struct pb_cmd_device_out, max_sge) == 20);
static_assert(offsetof(struct pb_cmd_device_out, max_depth) == 24);
static_assert(offsetof(struct pb_cmd_device_out, max_mr_pages) == 28);
static_assert(offsetof(struct pb_cmd_device_out, push_slots) == 32);
static_assert(offsetof(struct pb_cmd_device_out, slice_bytes) == 36);
static_assert(offsetof(struct pb_cmd_device_out, max_message) == 40);
static_assert(offsetof(struct pb_cmd_device_out, max_srq) == 48);
static_assert(offsetof(struct pb_cmd_device_out, max_ah) == 52);
static_assert(offsetof(struct pb_cmd_device_out, max_gid) == 56);
static_assert(offsetof(struct pb_cmd_device_out, max_inline) == 60);
static_assert(offsetof(struct pb_cmd_device_out, max_inline_push) == 64);
static_assert(offsetof(struct pb_cmd_device_out, max_fast_pages) == 68);
static_assert(offsetof(struct pb_cmd_device_out, max_rd_atomic) == 72);
static_assert(offsetof(struct pb_cmd_device_out, max_gather_rdma) == 76);

/* Output of QUERY_PORT. */
struct pb_cmd_port_out {
	__le32 state; /* see the table of port states */
	__le32 mtu; /* largest path MTU, in the coding of IBTA 9.6 */
	__le32 gid_entries; /* entries of the GID table */
	__le32 pkey_entries; /* 1 */
	__le32 max_message; /* bytes of one message */
	__le32 bad_qkeys; /* datagrams dropped for their Q_Key */
	__le32 bad_pkeys; /* packets dropped for their partition key */
	__le32 speed_mbps; /* link rate; 0: as fast as the machine goes */
	__u8 reserved0[32];
} __attribute__((packed, aligned(4)));
static_assert(sizeof(struct pb_cmd_port_out) == 64);
static_assert(offsetof(struct pb_cmd_port_out, state) == 0);
static_assert(offsetof(struct pb_cmd_port_out, mtu) == 4);
static_assert(offsetof(struct pb_cmd_port_out, gid_entries) == 8);
static_assert(offsetof(struct pb_cmd_port_out, pkey_entries) == 12);
static_assert(offsetof(struct pb_cmd_port_out, max_message) == 16);
static_assert(offsetof(struct pb_cmd_port_out, bad_qkeys) == 20);
static_assert(offsetof(struct pb_cmd_port_out, bad_pkeys) == 24);
static_assert(offsetof(struct pb_cmd_port_out, speed_mbps) == 28);

/* Input of SET_GID; input and output of QUERY_GID. */
struct pb_cmd_set_gid {
	__le32 index; /* entry */
	__u8 type; /* see the table of GID types; NONE clears the entry, and the rest is zero */
	__u8 reserved0[3];
	__u8 gid[16]; /* most significant byte first; an IPv4 address as ::ffff:a.b.c.d */
	__u8 mac[6]; /* source MAC address; zero: the adapter's own */
	__le16 vlan; /* reserved: 0xffff or 0, none */
	__u8 reserved1[16];
} __attribute__((packed, aligned(4)));
static_assert(sizeof(struct pb_cmd_set_gid) == 48);
static_assert(offsetof(struct pb_cmd_set_gid, index) == 0);
static_assert(offsetof(struct pb_cmd_set_gid, type) == 4);
static_assert(offsetof(struct pb_cmd_set_gid, gid) == 8);
static_assert(offsetof(struct pb_cmd_set_gid, mac) == 24);
static_assert(offsetof(struct pb_cmd_set_gid, vlan) == 30);

/* Input of QUERY_COUNTERS. */
struct pb_cmd_counters {
	__le32 kind; /* see the table of counter kinds */
	__le32 handle; /* queue pair or page; 0 for the port */
	__u8 reserved0[8];
} __attribute__((packed, aligned(4)));
static_assert(sizeof(struct pb_cmd_counters) == 16);
static_assert(offsetof(struct pb_cmd_counters, kind) == 0);
static_assert(offsetof(struct pb_cmd_counters, handle) == 4);

/* Output for the port. */
struct pb_cmd_port_counters {
	__le64 tx_bytes; /* bytes of frames sent */
	__le64 rx_bytes; /* bytes of frames received */
	__le64 tx_packets; /* frames sent */
	__le64 rx_packets; /* frames received */
	__le64 rx_bad; /* frames dropped: malformed, wrong checksum or ICRC */
	__le64 rx_unknown; /* packets for a queue pair that does not exist or does not take them */
	__le64 rx_qkey; /* datagrams dropped for their Q_Key */
	__le64 rx_pkey; /* packets dropped for their partition key */
	__le64 rx_no_receive; /* unreliable messages dropped: no receive was posted */
	__le64 rx_sequence; /* packets dropped or refused for their sequence number */
	__u8 reserved0[48];
} __attribute__((packed, aligned(4)));
static_assert(sizeof(struct pb_cmd_port_counters) == 128);
static_assert(offsetof(struct pb_cmd_port_counters, tx_bytes) == 0);
static_assert(offsetof(struct pb_cmd_port_counters, rx_bytes) == 8);
static_assert(offsetof(struct pb_cmd_port_counters, tx_packets) == 16);
static_assert(offsetof(struct pb_cmd_port_counters, rx_packets) == 24);
static_assert(offsetof(struct pb_cmd_port_counters, rx_bad) == 32);
static_assert(offsetof(struct pb_cmd_port_counters, rx_unknown) == 40);
static_assert(offsetof(struct pb_cmd_port_counters, rx_qkey) == 48);
static_assert(offsetof(struct pb_cmd_port_counters, rx_pkey) == 56);
static_assert(offsetof(struct pb_cmd_port_counters, rx_no_receive) == 64);
static_assert(offsetof(struct pb_cmd_port_counters, rx_sequence) == 72);

/* Output for a queue pair. */
struct pb_cmd_qp_counters {
	__le64 tx_messages; /* descriptors executed with success */
	__le64 tx_bytes; /* bytes of those */
	__le64 rx_messages; /* messages received with success */
	__le64 rx_bytes; /* bytes of those */
	__le64 pushed; /* descriptors that ran from pushed bytes */
	__le64 rung; /* descriptors that were read from memory */
	__le64 errors; /* completions with an error, flushes not counted */
	__le64 flushed; /* completions with WR_FLUSH_ERR */
	__le64 rx_requests; /* READ, WRITE and atomic requests carried out for the peer */
	__le64 rx_dropped; /* packets dropped */
	__u8 reserved0[48];
} __attribute__((packed, aligned(4)));
static_assert(sizeof(struct pb_cmd_qp_counters) == 128);
static_assert(offsetof(struct pb_cmd_qp_counters, tx_messages) == 0);
static_assert(offsetof(struct pb_cmd_qp_counters, tx_bytes) == 8);
static_assert(offsetof(struct pb_cmd_qp_counters, rx_messages) == 16);
static_assert(offsetof(struct pb_cmd_qp_counters, rx_bytes) == 24);
static_assert(offsetof(struct pb_cmd_qp_counters, pushed) == 32);
static_assert(offsetof(struct pb_cmd_qp_counters, rung) == 40);
static_assert(offsetof(struct pb_cmd_qp_counters, errors) == 48);
static_assert(offsetof(struct pb_cmd_qp_counters, flushed) == 56);
static_assert(offsetof(struct pb_cmd_qp_counters, rx_requests) == 64);
static_assert(offsetof(struct pb_cmd_qp_counters, rx_dropped) == 72);

/* Output for a doorbell page. */
struct pb_cmd_page_counters {
	__le64 doorbells; /* doorbells that moved a producer index */
	__le64 pushes; /* pushes accepted */
	__le64 fallbacks; /* trailers that acted as a doorbell */
	__le64 ignored; /* doorbells and trailers for an index that was already taken */
	__le64 refused; /* doorbells and trailers refused */
	__u8 reserved0[88];
} __attribute__((packed, aligned(4)));
static_assert(sizeof(struct pb_cmd_page_counters) == 128);
static_assert(offsetof(struct pb_cmd_page_counters, doorbells) == 0);
static_assert(offsetof(struct pb_cmd_page_counters, pushes) == 8);
static_assert(offsetof(struct pb_cmd_page_counters, fallbacks) == 16);
static_assert(offsetof(struct pb_cmd_page_counters, ignored) == 24);
static_assert(offsetof(struct pb_cmd_page_counters, refused) == 32);

/* Input of CREATE_EQ. */
struct pb_cmd_create_eq {
	__le64 address; /* queue buffer: I/O virtual address, 64-byte aligned */
	__le32 lkey; /* memory region of the buffer; needs LOCAL_WRITE */
	__u8 log_depth; /* log2 of the number of entries, 1 to 15 */
	__u8 reserved0[1];
	__le16 vector; /* MSI-X vector */
	__u8 reserved1[16];
} __attribute__((packed, aligned(4)));
static_assert(sizeof(struct pb_cmd_create_eq) == 32);
static_assert(offsetof(struct pb_cmd_create_eq, address) == 0);
static_assert(offsetof(struct pb_cmd_create_eq, lkey) == 8);
static_assert(offsetof(struct pb_cmd_create_eq, log_depth) == 12);
static_assert(offsetof(struct pb_cmd_create_eq, vector) == 14);

/* Output of QUERY_EQ and QUERY_CQ. */
struct pb_cmd_queue_out {
	__le32 producer; /* entries written so far, modulo 65,536 */
	__le32 consumer; /* consumer index last reported */
	__le32 armed; /* 1 when an event or interrupt is asked for */
	__le32 overflowed; /* 1 when an entry was lost */
	__u8 reserved0[16];
} __attribute__((packed, aligned(4)));
static_assert(sizeof(struct pb_cmd_queue_out) == 32);
static_assert(offsetof(struct pb_cmd_queue_out, producer) == 0);
static_assert(offsetof(struct pb_cmd_queue_out, consumer) == 4);
static_assert(offsetof(struct pb_cmd_queue_out, armed) == 8);
static_assert(offsetof(struct pb_cmd_queue_out, overflowed) == 12);

/* Input of REGISTER_MR. The output handle is both lkey and rkey. */
struct pb_cmd_register_mr {
	__le32 pd; /* protection domain */
	__u8 kind; /* see the table of kinds */
	__u8 access; /* see the table of access rights */
	__u8 page_shift; /* log2 of the page size; PAGE_LIST only */
	__u8 reserved0[1];
	__le64 iova; /* I/O virtual address of the first byte; same offset in its page as in the memory; PAGE_LIST only */
	__le64 length; /* bytes; PAGE_LIST only */
	__le64 page_list; /* bus address of the list: one 64-bit page address each, 8-byte aligned; PAGE_LIST only */
	__le32 page_count; /* entries of the list; PAGE_LIST only */
	__u8 reserved1[12];
} __attribute__((packed, aligned(4)));
static_assert(sizeof(struct pb_cmd_register_mr) == 48);
static_assert(offsetof(struct pb_cmd_register_mr, pd) == 0);
static_assert(offsetof(struct pb_cmd_register_mr, kind) == 4);
static_assert(offsetof(struct pb_cmd_register_mr, access) == 5);
static_assert(offsetof(struct pb_cmd_register_mr, page_shift) == 6);
static_assert(offsetof(struct pb_cmd_register_mr, iova) == 8);
static_assert(offsetof(struct pb_cmd_register_mr, length) == 16);
static_assert(offsetof(struct pb_cmd_register_mr, page_list) == 24);
static_assert(offsetof(struct pb_cmd_register_mr, page_count) == 32);

/* Input of ALLOC_MR. The output handle is the key, with a tag that no FAST_REG has given yet. */
struct pb_cmd_alloc_mr {
	__le32 pd; /* protection domain */
	__le32 page_count; /* pages at most, 1 to FAST_PAGES_MAX */
	__u8 reserved0[8];
} __attribute__((packed, aligned(4)));
static_assert(sizeof(struct pb_cmd_alloc_mr) == 16);
static_assert(offsetof(struct pb_cmd_alloc_mr, pd) == 0);
static_assert(offsetof(struct pb_cmd_alloc_mr, page_count) == 4);

/* Input of REREGISTER_MR. Fields whose bit is not set are zero. Not for kind FAST. */
struct pb_cmd_reregister_mr {
	__le32 handle; /* the key */
	__u8 change; /* see the table of changes */
	__u8 access; /* access rights */
	__u8 page_shift; /* as in REGISTER_MR */
	__u8 reserved0[1];
	__le32 pd; /* protection domain */
	__u8 reserved1[4];
	__le64 iova; /* as in REGISTER_MR */
	__le64 length; /* bytes */
	__le64 page_list; /* bus address of the list */
	__le32 page_count; /* entries of the list */
	__u8 reserved2[20];
} __attribute__((packed, aligned(4)));
static_assert(sizeof(struct pb_cmd_reregister_mr) == 64);
static_assert(offsetof(struct pb_cmd_reregister_mr, handle) == 0);
static_assert(offsetof(struct pb_cmd_reregister_mr, change) == 4);
static_assert(offsetof(struct pb_cmd_reregister_mr, access) == 5);
static_assert(offsetof(struct pb_cmd_reregister_mr, page_shift) == 6);
static_assert(offsetof(struct pb_cmd_reregister_mr, pd) == 8);
static_assert(offsetof(struct pb_cmd_reregister_mr, iova) == 16);
static_assert(offsetof(struct pb_cmd_reregister_mr, length) == 24);
static_assert(offsetof(struct pb_cmd_reregister_mr, page_list) == 32);
static_assert(offsetof(struct pb_cmd_reregister_mr, page_count) == 40);

/* Output of QUERY_MR. */
struct pb_cmd_mr_out {
	__le32 pd; /* protection domain */
	__u8 kind; /* kind */
	__u8 access; /* access rights */
	__u8 page_shift; /* log2 of the page size */
	__u8 reserved0[1];
	__le64 iova; /* first byte */
	__le64 length; /* bytes */
	__le32 users; /* queues whose buffer lies in the region */
	__le32 valid; /* FAST: 1 between FAST_REG and invalidation; 1 for other kinds */
	__le32 page_count; /* pages; of FAST the most that it takes */
	__u8 reserved1[12];
} __attribute__((packed, aligned(4)));
static_assert(sizeof(struct pb_cmd_mr_out) == 48);
static_assert(offsetof(struct pb_cmd_mr_out, pd) == 0);
static_assert(offsetof(struct pb_cmd_mr_out, kind) == 4);
static_assert(offsetof(struct pb_cmd_mr_out, access) == 5);
static_assert(offsetof(struct pb_cmd_mr_out, page_shift) == 6);
static_assert(offsetof(struct pb_cmd_mr_out, iova) == 8);
static_assert(offsetof(struct pb_cmd_mr_out, length) == 16);
static_assert(offsetof(struct pb_cmd_mr_out, users) == 24);
static_assert(offsetof(struct pb_cmd_mr_out, valid) == 28);
static_assert(offsetof(struct pb_cmd_mr_out, page_count) == 32);

/* Input of CREATE_CQ. */
struct pb_cmd_create_cq {
	__le64 address; /* queue buffer: I/O virtual address, 64-byte aligned */
	__le32 lkey; /* memory region of the buffer; needs LOCAL_WRITE */
	__u8 log_depth; /* log2 of the number of entries, 1 to 15 */
	__u8 reserved0[3];
	__le32 eqn; /* event queue */
	__le32 page; /* doorbell page that may arm it */
	__u8 reserved1[8];
} __attribute__((packed, aligned(4)));
static_assert(sizeof(struct pb_cmd_create_cq) == 32);
static_assert(offsetof(struct pb_cmd_create_cq, address) == 0);
static_assert(offsetof(struct pb_cmd_create_cq, lkey) == 8);
static_assert(offsetof(struct pb_cmd_create_cq, log_depth) == 12);
static_assert(offsetof(struct pb_cmd_create_cq, eqn) == 16);
static_assert(offsetof(struct pb_cmd_create_cq, page) == 20);

/* Input of RESIZE_CQ. The adapter writes every entry of the new buffer before it answers. */
struct pb_cmd_resize_cq {
	__le32 handle; /* completion queue */
	__le32 lkey; /* memory region of the buffer; needs LOCAL_WRITE */
	__le64 address; /* queue buffer: I/O virtual address, 64-byte aligned */
	__u8 log_depth; /* log2 of the number of entries, 1 to 15; BUSY when what is not consumed does not fit */
	__u8 reserved0[15];
} __attribute__((packed, aligned(4)));
static_assert(sizeof(struct pb_cmd_resize_cq) == 32);
static_assert(offsetof(struct pb_cmd_resize_cq, handle) == 0);
static_assert(offsetof(struct pb_cmd_resize_cq, lkey) == 4);
static_assert(offsetof(struct pb_cmd_resize_cq, address) == 8);
static_assert(offsetof(struct pb_cmd_resize_cq, log_depth) == 16);

/* Input of MODIFY_CQ. */
struct pb_cmd_modify_cq {
	__le32 handle; /* completion queue */
	__le16 count; /* an armed queue tells after so many completions; 0 and 1: at once */
	__le16 period_us; /* or this long after the first of them; with count > 1 at least 1 */
	__u8 reserved0[8];
} __attribute__((packed, aligned(4)));
static_assert(sizeof(struct pb_cmd_modify_cq) == 16);
static_assert(offsetof(struct pb_cmd_modify_cq, handle) == 0);
static_assert(offsetof(struct pb_cmd_modify_cq, count) == 4);
static_assert(offsetof(struct pb_cmd_modify_cq, period_us) == 6);

/* Input of CREATE_SRQ. Handles start at 1. */
struct pb_cmd_create_srq {
	__le32 pd; /* protection domain of the queue and of every key in its descriptors */
	__le32 page; /* doorbell page that may ring it */
	__le64 address; /* queue buffer, 64-byte aligned */
	__le32 lkey; /* memory region of the buffer */
	__u8 log_depth; /* log2 of the entries, 1 to 15 */
	__u8 log_stride; /* log2 of the stride, 6 to 9 */
	__u8 reserved0[2];
	__le32 limit; /* as in MODIFY_SRQ */
	__u8 reserved1[20];
} __attribute__((packed, aligned(4)));
static_assert(sizeof(struct pb_cmd_create_srq) == 48);
static_assert(offsetof(struct pb_cmd_create_srq, pd) == 0);
static_assert(offsetof(struct pb_cmd_create_srq, page) == 4);
static_assert(offsetof(struct pb_cmd_create_srq, address) == 8);
static_assert(offsetof(struct pb_cmd_create_srq, lkey) == 16);
static_assert(offsetof(struct pb_cmd_create_srq, log_depth) == 20);
static_assert(offsetof(struct pb_cmd_create_srq, log_stride) == 21);
static_assert(offsetof(struct pb_cmd_create_srq, limit) == 24);

/* Input of MODIFY_SRQ. */
struct pb_cmd_modify_srq {
	__le32 handle; /* shared receive queue */
	__le32 limit; /* SRQ_LIMIT is told once when fewer receives than this are posted; 0: never */
	__u8 reserved0[8];
} __attribute__((packed, aligned(4)));
static_assert(sizeof(struct pb_cmd_modify_srq) == 16);
static_assert(offsetof(struct pb_cmd_modify_srq, handle) == 0);
static_assert(offsetof(struct pb_cmd_modify_srq, limit) == 4);

/* Output of QUERY_SRQ. */
struct pb_cmd_srq_out {
	__le32 pd; /* protection domain */
	__le32 page; /* doorbell page */
	__le32 producer; /* producer index known to the adapter */
	__le32 consumer; /* next to use */
	__le32 limit; /* limit that is armed; 0: none */
	__le32 users; /* queue pairs that use it */
	__le32 failed; /* 1 when its buffer could not be read */
	__u8 reserved0[20];
} __attribute__((packed, aligned(4)));
static_assert(sizeof(struct pb_cmd_srq_out) == 48);
static_assert(offsetof(struct pb_cmd_srq_out, pd) == 0);
static_assert(offsetof(struct pb_cmd_srq_out, page) == 4);
static_assert(offsetof(struct pb_cmd_srq_out, producer) == 8);
static_assert(offsetof(struct pb_cmd_srq_out, consumer) == 12);
static_assert(offsetof(struct pb_cmd_srq_out, limit) == 16);
static_assert(offsetof(struct pb_cmd_srq_out, users) == 20);
static_assert(offsetof(struct pb_cmd_srq_out, failed) == 24);

/* Input of CREATE_AH and MODIFY_AH, output of QUERY_AH. Handles start at 1. */
struct pb_cmd_ah {
	__le32 handle; /* address handle; zero for CREATE_AH */
	__le32 pd; /* protection domain; zero for MODIFY_AH */
	__u8 sgid_index; /* entry of the GID table that is the source */
	__u8 hop_limit; /* time to live; 0 stands for 64 */
	__u8 traffic_class; /* DSCP and ECN */
	__u8 reserved0[1];
	__le32 flow_label; /* 20 bits; chooses the UDP source port when udp_sport is 0 */
	__u8 dgid[16]; /* GID of the other end, most significant byte first; an IPv4 address as ::ffff:a.b.c.d */
	__u8 dmac[6]; /* MAC address of the next hop */
	__le16 udp_sport; /* UDP source port, 0xc000 to 0xffff; 0: chosen by the adapter */
	__u8 reserved1[8];
} __attribute__((packed, aligned(4)));
static_assert(sizeof(struct pb_cmd_ah) == 48);
static_assert(offsetof(struct pb_cmd_ah, handle) == 0);
static_assert(offsetof(struct pb_cmd_ah, pd) == 4);
static_assert(offsetof(struct pb_cmd_ah, sgid_index) == 8);
static_assert(offsetof(struct pb_cmd_ah, hop_limit) == 9);
static_assert(offsetof(struct pb_cmd_ah, traffic_class) == 10);
static_assert(offsetof(struct pb_cmd_ah, flow_label) == 12);
static_assert(offsetof(struct pb_cmd_ah, dgid) == 16);
static_assert(offsetof(struct pb_cmd_ah, dmac) == 32);
static_assert(offsetof(struct pb_cmd_ah, udp_sport) == 38);

/* Input of CREATE_QP. */
struct pb_cmd_create_qp {
	__le32 pd; /* protection domain of the queue and of every key it uses */
	__le32 page; /* doorbell page that may ring and push */
	__le32 send_cqn; /* completion queue of the send queue */
	__le32 recv_cqn; /* completion queue of the receive queue; not DMA */
	__u8 type; /* see the table of types */
	__u8 send_log_depth; /* log2 of the entries of the send queue, 1 to 15 */
	__u8 send_log_stride; /* log2 of its stride, 6 to 9 */
	__u8 recv_log_depth; /* the same for the receive queue; not DMA */
	__u8 recv_log_stride; /* the same for the receive queue; not DMA */
	__u8 flags; /* see the table of flags */
	__u8 reserved0[2];
	__le64 send_address; /* send queue buffer, 64-byte aligned */
	__le64 recv_address; /* receive queue buffer, 64-byte aligned; not DMA */
	__le32 send_lkey; /* memory region of the send queue */
	__le32 recv_lkey; /* memory region of the receive queue; not DMA */
	__le32 srqn; /* shared receive queue, in place of an own one (the other fields of the receive queue but recv_cqn are zero then); zero: none */
	__u8 reserved1[12];
} __attribute__((packed, aligned(4)));
static_assert(sizeof(struct pb_cmd_create_qp) == 64);
static_assert(offsetof(struct pb_cmd_create_qp, pd) == 0);
static_assert(offsetof(struct pb_cmd_create_qp, page) == 4);
static_assert(offsetof(struct pb_cmd_create_qp, send_cqn) == 8);
static_assert(offsetof(struct pb_cmd_create_qp, recv_cqn) == 12);
static_assert(offsetof(struct pb_cmd_create_qp, type) == 16);
static_assert(offsetof(struct pb_cmd_create_qp, send_log_depth) == 17);
static_assert(offsetof(struct pb_cmd_create_qp, send_log_stride) == 18);
static_assert(offsetof(struct pb_cmd_create_qp, recv_log_depth) == 19);
static_assert(offsetof(struct pb_cmd_create_qp, recv_log_stride) == 20);
static_assert(offsetof(struct pb_cmd_create_qp, flags) == 21);
static_assert(offsetof(struct pb_cmd_create_qp, send_address) == 24);
static_assert(offsetof(struct pb_cmd_create_qp, recv_address) == 32);
static_assert(offsetof(struct pb_cmd_create_qp, send_lkey) == 40);
static_assert(offsetof(struct pb_cmd_create_qp, recv_lkey) == 44);
static_assert(offsetof(struct pb_cmd_create_qp, srqn) == 48);

/* Input of MODIFY_QP. Attributes whose bit is not set are zero. */
struct pb_cmd_modify_qp {
	__le32 handle; /* queue pair */
	__le32 attr_mask; /* which attributes are given */
	__u8 state; /* next state */
	__u8 mtu; /* path MTU */
	__u8 cur_state; /* state that the queue pair must be in */
	__u8 access; /* REMOTE_WRITE, REMOTE_READ and REMOTE_ATOMIC: what the peer may do through this queue pair */
	__le32 dest_qpn; /* queue pair at the other end */
	__le32 sq_psn; /* first packet sequence number sent */
	__le32 rq_psn; /* first packet sequence number expected */
	__le32 qkey; /* Q_Key of a datagram queue pair */
	__u8 max_rd_atomic; /* READs and atomics that it may have under way, 0 to RD_ATOMIC_MAX */
	__u8 max_dest_rd_atomic; /* those of the peer that it serves at once, 0 to RD_ATOMIC_MAX */
	__u8 min_rnr_timer; /* IBTA 9.7.5.2.8, 0 to 31 */
	__u8 timeout; /* acknowledgement time-out, 4.096 µs × 2^n; 0 to 31, 0: none */
	__u8 retry_count; /* 0 to 7 */
	__u8 rnr_retry; /* 0 to 7; 7: without end */
	__u8 sqd_event; /* 1: SQ_DRAINED is told once the send queue has drained */
	__u8 port; /* 1 */
	__le16 pkey_index; /* 0 */
	__u8 reserved0[6];
	__u8 sgid_index; /* entry of the GID table that is the source */
	__u8 hop_limit; /* time to live; 0 stands for 64 */
	__u8 traffic_class; /* DSCP and ECN */
	__u8 reserved1[1];
	__le32 flow_label; /* 20 bits; chooses the UDP source port when udp_sport is 0 */
	__u8 dgid[16]; /* GID of the other end, most significant byte first; an IPv4 address as ::ffff:a.b.c.d */
	__u8 dmac[6]; /* MAC address of the next hop */
	__le16 udp_sport; /* UDP source port, 0xc000 to 0xffff; 0: chosen by the adapter */
	__u8 reserved2[20];
} __attribute__((packed, aligned(4)));
static_assert(sizeof(struct pb_cmd_modify_qp) == 96);
static_assert(offsetof(struct pb_cmd_modify_qp, handle) == 0);
static_assert(offsetof(struct pb_cmd_modify_qp, attr_mask) == 4);
static_assert(offsetof(struct pb_cmd_modify_qp, state) == 8);
static_assert(offsetof(struct pb_cmd_modify_qp, mtu) == 9);
static_assert(offsetof(struct pb_cmd_modify_qp, cur_state) == 10);
static_assert(offsetof(struct pb_cmd_modify_qp, access) == 11);
static_assert(offsetof(struct pb_cmd_modify_qp, dest_qpn) == 12);
static_assert(offsetof(struct pb_cmd_modify_qp, sq_psn) == 16);
static_assert(offsetof(struct pb_cmd_modify_qp, rq_psn) == 20);
static_assert(offsetof(struct pb_cmd_modify_qp, qkey) == 24);
static_assert(offsetof(struct pb_cmd_modify_qp, max_rd_atomic) == 28);
static_assert(offsetof(struct pb_cmd_modify_qp, max_dest_rd_atomic) == 29);
static_assert(offsetof(struct pb_cmd_modify_qp, min_rnr_timer) == 30);
static_assert(offsetof(struct pb_cmd_modify_qp, timeout) == 31);
static_assert(offsetof(struct pb_cmd_modify_qp, retry_count) == 32);
static_assert(offsetof(struct pb_cmd_modify_qp, rnr_retry) == 33);
static_assert(offsetof(struct pb_cmd_modify_qp, sqd_event) == 34);
static_assert(offsetof(struct pb_cmd_modify_qp, port) == 35);
static_assert(offsetof(struct pb_cmd_modify_qp, pkey_index) == 36);
static_assert(offsetof(struct pb_cmd_modify_qp, sgid_index) == 44);
static_assert(offsetof(struct pb_cmd_modify_qp, hop_limit) == 45);
static_assert(offsetof(struct pb_cmd_modify_qp, traffic_class) == 46);
static_assert(offsetof(struct pb_cmd_modify_qp, flow_label) == 48);
static_assert(offsetof(struct pb_cmd_modify_qp, dgid) == 52);
static_assert(offsetof(struct pb_cmd_modify_qp, dmac) == 68);
static_assert(offsetof(struct pb_cmd_modify_qp, udp_sport) == 74);

/* Output of QUERY_QP. */
struct pb_cmd_qp_out {
	__le32 state; /* state */
	__le32 type; /* type */
	__le32 dest_qpn; /* other end */
	__le32 mtu; /* path MTU */
	__le32 sq_psn; /* next to send */
	__le32 rq_psn; /* next expected */
	__le32 send_producer; /* send queue: producer index known to the adapter */
	__le32 send_consumer; /* send queue: next to execute */
	__le32 recv_producer; /* receive queue: producer index known to the adapter */
	__le32 recv_consumer; /* receive queue: next to use */
	__le32 error_status; /* completion status that moved the queue to the error state, or zero */
	__le32 error_index; /* descriptor that did */
	__le64 fault_address; /* bus address of the DMA fault that did; zero without one */
	__le32 fault_info; /* the same word as register FAULT_INFO */
	__le32 qkey; /* Q_Key */
	__u8 access; /* what the peer may do */
	__u8 max_rd_atomic; /* as in MODIFY_QP */
	__u8 max_dest_rd_atomic; /* as in MODIFY_QP */
	__u8 min_rnr_timer; /* as in MODIFY_QP */
	__u8 timeout; /* as in MODIFY_QP */
	__u8 retry_count; /* as in MODIFY_QP */
	__u8 rnr_retry; /* as in MODIFY_QP */
	__u8 port; /* 1 once it was given */
	__le16 pkey_index; /* 0 */
	__u8 draining; /* 1 in SQD while what has begun goes on */
	__u8 flags; /* as in CREATE_QP */
	__le32 srqn; /* shared receive queue */
	__u8 sgid_index; /* entry of the GID table that is the source */
	__u8 hop_limit; /* time to live; 0 stands for 64 */
	__u8 traffic_class; /* DSCP and ECN */
	__u8 reserved0[1];
	__le32 flow_label; /* 20 bits; chooses the UDP source port when udp_sport is 0 */
	__u8 dgid[16]; /* GID of the other end, most significant byte first; an IPv4 address as ::ffff:a.b.c.d */
	__u8 dmac[6]; /* MAC address of the next hop */
	__le16 udp_sport; /* UDP source port, 0xc000 to 0xffff; 0: chosen by the adapter */
	__u8 reserved1[48];
} __attribute__((packed, aligned(4)));
static_assert(sizeof(struct pb_cmd_qp_out) == 160);
static_assert(offsetof(struct pb_cmd_qp_out, state) == 0);
static_assert(offsetof(struct pb_cmd_qp_out, type) == 4);
static_assert(offsetof(struct pb_cmd_qp_out, dest_qpn) == 8);
static_assert(offsetof(struct pb_cmd_qp_out, mtu) == 12);
static_assert(offsetof(struct pb_cmd_qp_out, sq_psn) == 16);
static_assert(offsetof(struct pb_cmd_qp_out, rq_psn) == 20);
static_assert(offsetof(struct pb_cmd_qp_out, send_producer) == 24);
static_assert(offsetof(struct pb_cmd_qp_out, send_consumer) == 28);
static_assert(offsetof(struct pb_cmd_qp_out, recv_producer) == 32);
static_assert(offsetof(struct pb_cmd_qp_out, recv_consumer) == 36);
static_assert(offsetof(struct pb_cmd_qp_out, error_status) == 40);
static_assert(offsetof(struct pb_cmd_qp_out, error_index) == 44);
static_assert(offsetof(struct pb_cmd_qp_out, fault_address) == 48);
static_assert(offsetof(struct pb_cmd_qp_out, fault_info) == 56);
static_assert(offsetof(struct pb_cmd_qp_out, qkey) == 60);
static_assert(offsetof(struct pb_cmd_qp_out, access) == 64);
static_assert(offsetof(struct pb_cmd_qp_out, max_rd_atomic) == 65);
static_assert(offsetof(struct pb_cmd_qp_out, max_dest_rd_atomic) == 66);
static_assert(offsetof(struct pb_cmd_qp_out, min_rnr_timer) == 67);
static_assert(offsetof(struct pb_cmd_qp_out, timeout) == 68);
static_assert(offsetof(struct pb_cmd_qp_out, retry_count) == 69);
static_assert(offsetof(struct pb_cmd_qp_out, rnr_retry) == 70);
static_assert(offsetof(struct pb_cmd_qp_out, port) == 71);
static_assert(offsetof(struct pb_cmd_qp_out, pkey_index) == 72);
static_assert(offsetof(struct pb_cmd_qp_out, draining) == 74);
static_assert(offsetof(struct pb_cmd_qp_out, flags) == 75);
static_assert(offsetof(struct pb_cmd_qp_out, srqn) == 76);
static_assert(offsetof(struct pb_cmd_qp_out, sgid_index) == 80);
static_assert(offsetof(struct pb_cmd_qp_out, hop_limit) == 81);
static_assert(offsetof(struct pb_cmd_qp_out, traffic_class) == 82);
static_assert(offsetof(struct pb_cmd_qp_out, flow_label) == 84);
static_assert(offsetof(struct pb_cmd_qp_out, dgid) == 88);
static_assert(offsetof(struct pb_cmd_qp_out, dmac) == 104);
static_assert(offsetof(struct pb_cmd_qp_out, udp_sport) == 110);

/* Input of SET_LINK, output of QUERY_LINK. */
struct pb_cmd_link {
	__le32 hold; /* hold mask */
	__le32 rate_mbps; /* link rate in Mbit/s; 0 means as fast as the machine goes */
	__le32 packets_sent; /* output only */
	__u8 reserved0[4];
} __attribute__((packed, aligned(4)));
static_assert(sizeof(struct pb_cmd_link) == 16);
static_assert(offsetof(struct pb_cmd_link, hold) == 0);
static_assert(offsetof(struct pb_cmd_link, rate_mbps) == 4);
static_assert(offsetof(struct pb_cmd_link, packets_sent) == 8);

/* Descriptors, completions and events */
#define PB_WQE_STRIDE_MIN 64 /* smallest stride of a work queue, in bytes */
#define PB_WQE_STRIDE_MAX 0x200u /* largest stride of a work queue */
#define PB_MAX_SGE 30 /* gather and scatter entries of one descriptor together: (512 - 32) / 16 */
#define PB_MAX_SGE_EXTENDED 29 /* the same with wqe_atomic or wqe_datagram before them */
#define PB_MAX_INLINE 0x1e0u /* bytes of inline data: 512 - 32 */
#define PB_MAX_INLINE_PUSH 224 /* the same in a pushed descriptor: 256 - 32 */
#define PB_GRH_BYTES 40 /* in front of a received datagram: the IPv6 header, or 20 bytes unused and the IPv4 header (IBTA annex A17) */
#define PB_MAX_MESSAGE_BYTES 0x80000000u /* largest message, 2 GiB (IBTA 9.7) */
#define PB_QUEUE_DEPTH_MAX 0x8000u /* entries of any queue at most; a power of two */
#define PB_SLICE_BYTES 0x1000u /* COPY and FILL yield to pushed work after this many bytes */

/* operation of a descriptor */
enum pb_opcode {
	PB_OPCODE_NOP = 0, /* does nothing, completes */
	PB_OPCODE_SEND = 1, /* sends the gathered bytes as one message to the connected queue pair */
	PB_OPCODE_COPY = 2, /* DMA engine: gathered bytes to the scatter ranges; both lists have the same total */
	PB_OPCODE_FILL = 3, /* DMA engine: the scatter ranges are filled with the 8-byte pattern */
	PB_OPCODE_SEND_IMM = 4, /* SEND whose completion at the receiver carries OPERAND_LO */
	PB_OPCODE_SEND_INV = 5, /* SEND that invalidates the receiver's key OPERAND_LO (kind FAST); RC only */
	PB_OPCODE_RDMA_WRITE = 6, /* gathered bytes to REMOTE_ADDRESS of the region OPERAND_HI at the other end; RC and UC */
	PB_OPCODE_RDMA_WRITE_IMM = 7, /* the same, and a completion at the receiver that carries OPERAND_LO and takes a receive */
	PB_OPCODE_RDMA_READ = 8, /* bytes from REMOTE_ADDRESS of the region OPERAND_HI to the scatter ranges; RC only */
	PB_OPCODE_CMP_SWAP = 9, /* if the 8 bytes at REMOTE_ADDRESS equal COMPARE they become SWAP_ADD; the old value goes to the scatter ranges (8 bytes); RC only */
	PB_OPCODE_FETCH_ADD = 10, /* SWAP_ADD is added to the 8 bytes at REMOTE_ADDRESS; the old value goes to the scatter ranges (8 bytes); RC only */
	PB_OPCODE_LOCAL_INV = 11, /* invalidates key OPERAND_LO (kind FAST); privileged queue pairs of RC and UC */
	PB_OPCODE_FAST_REG = 12, /* gives memory and rights to the region whose new key is OPERAND_LO (kind FAST, invalid); privileged queue pairs of RC and UC */
	PB_OPCODE_RECV = 16, /* receive queue only: takes one message into the scatter ranges */
	PB_OPCODE_RECV_RDMA_WITH_IMM = 17, /* completions only: a receive taken by RDMA_WRITE_IMM */
};

/* flags of a descriptor */
enum pb_wqe_flag {
	PB_WQE_FLAG_SIGNALED = 1, /* a completion is written when it ends well (one that fails always has one) */
	PB_WQE_FLAG_SOLICITED = 2, /* the completion at the receiver counts as solicited */
	PB_WQE_FLAG_FENCE = 4, /* begins after every READ and atomic before it in its queue has ended */
	PB_WQE_FLAG_INLINE = 8, /* the data stands in the descriptor in place of gather entries: SEND and RDMA WRITE */
};

/* completion status: IBTA 10.3.3 and 11.6.2, in the numbering that verbs users know */
enum pb_wc_status {
	PB_WC_STATUS_SUCCESS = 0, /* done */
	PB_WC_STATUS_LOC_LEN_ERR = 1, /* a message is longer than the receive buffer, or the lists of a descriptor differ in length */
	PB_WC_STATUS_LOC_QP_OP_ERR = 2, /* the descriptor is malformed: opcode, counts, reserved bits, index */
	PB_WC_STATUS_LOC_PROT_ERR = 4, /* a gather or scatter entry is outside what its key allows */
	PB_WC_STATUS_WR_FLUSH_ERR = 5, /* not executed: the queue is in the error state */
	PB_WC_STATUS_MW_BIND_ERR = 6, /* memory management operation: the key or what it should become is not allowed */
	PB_WC_STATUS_BAD_RESP_ERR = 7, /* the responder answered what was not asked */
	PB_WC_STATUS_LOC_ACCESS_ERR = 8, /* the descriptor itself could not be read (memory fault on the queue buffer) */
	PB_WC_STATUS_REM_INV_REQ_ERR = 9, /* the responder refused the request (too long for its buffer) */
	PB_WC_STATUS_REM_ACCESS_ERR = 10, /* the responder refused the remote key, its rights or its range */
	PB_WC_STATUS_REM_OP_ERR = 11, /* the responder could not complete the request */
	PB_WC_STATUS_RETRY_EXC_ERR = 12, /* the connected queue pair does not answer */
	PB_WC_STATUS_GENERAL_ERR = 21, /* memory fault during the operation */
};

/* event type */
enum pb_event_type {
	PB_EVENT_TYPE_COMPLETION = 1, /* NUMBER is a completion queue that was armed */
	PB_EVENT_TYPE_QP_FATAL = 2, /* NUMBER is a queue pair that went to the error state by itself; DETAIL is the completion status */
	PB_EVENT_TYPE_CQ_ERROR = 3, /* NUMBER is a completion queue that overflowed or cannot be written */
	PB_EVENT_TYPE_QP_REQUEST_ERROR = 4, /* NUMBER is a queue pair that went to the error state because of an invalid request of its peer */
	PB_EVENT_TYPE_QP_ACCESS_ERROR = 5, /* the same because the peer used a key that does not allow what it asked */
	PB_EVENT_TYPE_COMM_ESTABLISHED = 6, /* NUMBER is a queue pair in RTR that has received its first packet */
	PB_EVENT_TYPE_SQ_DRAINED = 7, /* NUMBER is a queue pair in SQD whose send queue has drained; asked for by sqd_event */
	PB_EVENT_TYPE_LAST_WQE_REACHED = 8, /* NUMBER is a queue pair with a shared receive queue that is in the error state and takes no more receives */
	PB_EVENT_TYPE_SRQ_ERROR = 9, /* NUMBER is a shared receive queue that cannot be read: its queue pairs get no more receives */
	PB_EVENT_TYPE_SRQ_LIMIT = 10, /* NUMBER is a shared receive queue with fewer receives than its limit */
	PB_EVENT_TYPE_PORT_ACTIVE = 11, /* NUMBER is the port, 1 */
	PB_EVENT_TYPE_PORT_ERROR = 12, /* the port went down */
	PB_EVENT_TYPE_GID_CHANGE = 13, /* NUMBER is the port, DETAIL the entry of the GID table */
};

/* Head of a descriptor (work-queue element). */
struct pb_wqe {
	__u8 opcode; /* see the table of opcodes */
	__u8 flags; /* see the table of flags; other bits zero */
	__u8 gather_count; /* gather entries that follow */
	__u8 scatter_count; /* scatter entries that follow the gather entries */
	__le16 index; /* work-queue index of this descriptor; a different one means a stale or torn descriptor */
	__le16 inline_length; /* bytes of inline data; zero without INLINE */
	__le64 wr_id; /* comes back in the completion */
	__le32 operand_lo; /* FILL: pattern, low half; _IMM: immediate data; _INV and FAST_REG: key; zero otherwise */
	__le32 operand_hi; /* FILL: pattern, high half; READ, WRITE and atomics: remote key; zero otherwise */
	__le64 remote_address; /* READ, WRITE and atomics: I/O virtual address at the other end; zero otherwise */
} __attribute__((packed, aligned(4)));
static_assert(sizeof(struct pb_wqe) == 32);
static_assert(offsetof(struct pb_wqe, opcode) == 0);
static_assert(offsetof(struct pb_wqe, flags) == 1);
static_assert(offsetof(struct pb_wqe, gather_count) == 2);
static_assert(offsetof(struct pb_wqe, scatter_count) == 3);
static_assert(offsetof(struct pb_wqe, index) == 4);
static_assert(offsetof(struct pb_wqe, inline_length) == 6);
static_assert(offsetof(struct pb_wqe, wr_id) == 8);
static_assert(offsetof(struct pb_wqe, operand_lo) == 16);
static_assert(offsetof(struct pb_wqe, operand_hi) == 20);
static_assert(offsetof(struct pb_wqe, remote_address) == 24);

/* Extension of CMP_SWAP and FETCH_ADD. */
struct pb_wqe_atomic {
	__le64 swap_add; /* new value, or addend */
	__le64 compare; /* CMP_SWAP: value that is expected; zero otherwise */
} __attribute__((packed, aligned(4)));
static_assert(sizeof(struct pb_wqe_atomic) == 16);
static_assert(offsetof(struct pb_wqe_atomic, swap_add) == 0);
static_assert(offsetof(struct pb_wqe_atomic, compare) == 8);

/* Extension of a SEND on a UD or GSI queue pair. */
struct pb_wqe_datagram {
	__le32 ah; /* address handle */
	__le32 dest_qpn; /* queue pair at the other end */
	__le32 qkey; /* its Q_Key */
	__u8 reserved0[4];
} __attribute__((packed, aligned(4)));
static_assert(sizeof(struct pb_wqe_datagram) == 16);
static_assert(offsetof(struct pb_wqe_datagram, ah) == 0);
static_assert(offsetof(struct pb_wqe_datagram, dest_qpn) == 4);
static_assert(offsetof(struct pb_wqe_datagram, qkey) == 8);

/* Extension of FAST_REG. */
struct pb_wqe_reg {
	__le64 iova; /* I/O virtual address of the first byte; same offset in its page as in the memory */
	__le64 length; /* bytes */
	__le64 page_list; /* bus address of the list: one 64-bit page address each, 8-byte aligned */
	__le32 page_count; /* entries of the list */
	__u8 access; /* access rights */
	__u8 page_shift; /* log2 of the page size */
	__u8 reserved0[2];
} __attribute__((packed, aligned(4)));
static_assert(sizeof(struct pb_wqe_reg) == 32);
static_assert(offsetof(struct pb_wqe_reg, iova) == 0);
static_assert(offsetof(struct pb_wqe_reg, length) == 8);
static_assert(offsetof(struct pb_wqe_reg, page_list) == 16);
static_assert(offsetof(struct pb_wqe_reg, page_count) == 24);
static_assert(offsetof(struct pb_wqe_reg, access) == 28);
static_assert(offsetof(struct pb_wqe_reg, page_shift) == 29);

/* Gather or scatter entry: a range in a memory region. */
struct pb_sge {
	__le64 address; /* I/O virtual address inside the memory region */
	__le32 length; /* bytes; zero is a valid empty range */
	__le32 lkey; /* key of the memory region */
} __attribute__((packed, aligned(4)));
static_assert(sizeof(struct pb_sge) == 16);
static_assert(offsetof(struct pb_sge, address) == 0);
static_assert(offsetof(struct pb_sge, length) == 8);
static_assert(offsetof(struct pb_sge, lkey) == 12);

/* Completion queue entry. The last word carries the owner bit and is stored last. */
struct pb_cqe {
	__le64 wr_id; /* of the descriptor */
	__le32 qpn; /* queue pair */
	__le32 byte_count; /* bytes transferred */
	__u8 opcode; /* of the descriptor */
	__u8 status; /* see the table of completion statuses */
	__le16 wqe_index; /* work-queue index of the descriptor */
	__le32 src_qpn; /* receives: queue pair that sent the message; zero otherwise */
	__le32 immediate; /* immediate data, or the key that the sender invalidated; see the bits of OWNER */
	__le32 owner; /* stored last, with release */
} __attribute__((packed, aligned(4)));
#define PB_CQE_OWNER_SOLICITED 0x1u /* the completion is solicited */
#define PB_CQE_OWNER_RECV 0x2u /* from a receive queue */
#define PB_CQE_OWNER_WITH_IMMEDIATE 0x4u /* IMMEDIATE is immediate data */
#define PB_CQE_OWNER_WITH_INVALIDATE 0x8u /* IMMEDIATE is a key that is invalid now */
#define PB_CQE_OWNER_GRH 0x10u /* GRH_BYTES stand before the message in the buffer; they count in BYTE_COUNT */
#define PB_CQE_OWNER_VALID 0x80000000u /* owner bit */
static_assert(sizeof(struct pb_cqe) == 32);
static_assert(offsetof(struct pb_cqe, wr_id) == 0);
static_assert(offsetof(struct pb_cqe, qpn) == 8);
static_assert(offsetof(struct pb_cqe, byte_count) == 12);
static_assert(offsetof(struct pb_cqe, opcode) == 16);
static_assert(offsetof(struct pb_cqe, status) == 17);
static_assert(offsetof(struct pb_cqe, wqe_index) == 18);
static_assert(offsetof(struct pb_cqe, src_qpn) == 20);
static_assert(offsetof(struct pb_cqe, immediate) == 24);
static_assert(offsetof(struct pb_cqe, owner) == 28);

/* Event queue entry. */
struct pb_eqe {
	__le32 type; /* see the table of event types */
	__le32 number; /* queue that the event is about */
	__le32 detail; /* meaning depends on the type */
	__le32 owner; /* stored last, with release */
} __attribute__((packed, aligned(4)));
#define PB_EQE_OWNER_VALID 0x80000000u /* owner bit */
static_assert(sizeof(struct pb_eqe) == 16);
static_assert(offsetof(struct pb_eqe, type) == 0);
static_assert(offsetof(struct pb_eqe, number) == 4);
static_assert(offsetof(struct pb_eqe, detail) == 8);
static_assert(offsetof(struct pb_eqe, owner) == 12);

#endif /* PUSHBELL_ABI_H */
