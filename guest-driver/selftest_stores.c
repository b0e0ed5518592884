// SPDX-License-Identifier: GPL-2.0
/*
 * Pushes by stores of every width a processor has, 1 to 64 bytes, each left out in turn.
 *
 * Stores of 16 bytes and more go through vector registers: SSE2, AVX, AVX-512, where the processor shows them. KVM
 * emulates stores to trapped memory itself, and knows none wider than 16 bytes; such an instruction would end the
 * virtual machine, so there they are left out.
 */
#include <asm/cpufeature.h>
#include <asm/fpu/api.h>
#include <asm/fpu/xcr.h>
#include <asm/hypervisor.h>
#include "selftest.h"

#define WIDEST 64

static bool have(unsigned int width)
{
	if (width <= 8)
		return true;
	if (width == 16)
		return boot_cpu_has(X86_FEATURE_XMM2);
	if (hypervisor_is_type(X86_HYPER_KVM))
		return false;
	if (width == 32)
		return boot_cpu_has(X86_FEATURE_AVX) && cpu_has_xfeatures(XFEATURE_MASK_YMM, NULL);
	return boot_cpu_has(X86_FEATURE_AVX512F) && cpu_has_xfeatures(XFEATURE_MASK_AVX512, NULL);
}

/* Nobody else uses these registers between kernel_fpu_begin() and _end(), so that the compiler need not hear of them. */
static void store_vector(void __iomem *to, const void *from, unsigned int width)
{
	kernel_fpu_begin();
	switch (width) {
	case 16:
		asm volatile("movdqu (%0), %%xmm0\n\tmovdqu %%xmm0, (%1)" :: "r" (from), "r" (to) : "memory");
		break;
	case 32:
		asm volatile("vmovdqu (%0), %%ymm0\n\tvmovdqu %%ymm0, (%1)\n\tvzeroupper" :: "r" (from), "r" (to) : "memory");
		break;
	default:
		asm volatile("vmovdqu64 (%0), %%zmm0\n\tvmovdqu64 %%zmm0, (%1)\n\tvzeroupper"
			     :: "r" (from), "r" (to) : "memory");
	}
	kernel_fpu_end();
}

static void store(void __iomem *to, const void *from, unsigned int width)
{
	switch (width) {
	case 1:
		writeb(*(const u8 *)from, to);
		break;
	case 2:
		writew(*(const u16 *)from, to);
		break;
	case 4:
		writel(*(const u32 *)from, to);
		break;
	case 8:
		writeq(*(const u64 *)from, to);
		break;
	default:
		store_vector(to, from, width);
	}
}

/* The next descriptor in stores of `width`; the one numbered `missing` is left out, none if there is no such. */
static int one_push(struct st_rig *rig, u8 entries, unsigned int width, unsigned int missing)
{
	struct pushbell_push_buffer *buffer;
	unsigned long flags;
	unsigned int i, stores;

	st_rig_descriptor(rig, entries);
	stores = rig->bytes / width;
	buffer = pushbell_push_begin(rig->qp->page, &flags);
	for (i = 0; i < stores; i++)
		if (i != missing)
			store(buffer->base + PB_PUSH_DESCRIPTOR + i * width, (u8 *)rig->pushed + i * width, width);
	pushbell_push_end(buffer, pushbell_push_trailer(buffer, rig->qp->object.handle, rig->index, rig->bytes), flags);
	return st_rig_outcome(rig, missing < stores ? ST_MEMORY : ST_PUSHED);
}

/* Descriptors of 64, 128 and 256 bytes. */
static int one_width(struct st_rig *rig, unsigned int width)
{
	static const u8 entries[] = { 2, 6, 14 };
	struct selftest *t = rig->t;
	unsigned int i, missing;

	for (i = 0; i < ARRAY_SIZE(entries); i++) {
		size_t bytes = sizeof(struct pb_wqe) + entries[i] * sizeof(struct pb_sge);

		for (missing = 0; missing <= bytes / width; missing++)
			if (one_push(rig, entries[i], width, missing)) {
				st_note(t, "stores of %u bytes, %zu in all, number %u missing", width, bytes, missing);
				return -EIO;
			}
	}
	return 0;
}

static int widths(struct selftest *t, unsigned int from, unsigned int to)
{
	unsigned int width, tried = 0;
	struct st_rig rig;

	if (st_rig_open(&rig, t))
		return -EIO;
	for (width = from; width <= to; width *= 2) {
		if (!have(width)) {
			st_note(t, "no stores of %u bytes here", width);
			continue;
		}
		tried++;
		if (one_width(&rig, width))
			return -EIO;
	}
	if (!tried)
		ST_SKIP(t, "this processor has none of these stores");
	return st_drained(t, rig.qp);
}

static int plain_stores(struct selftest *t)
{
	return widths(t, 1, 8);
}

static int vector_stores(struct selftest *t)
{
	return widths(t, 16, WIDEST);
}

/* A vector over the edge of another: the bytes that both stored were stored twice. */
static int overlapping_vectors(struct selftest *t)
{
	struct pushbell_push_buffer *buffer;
	unsigned int width, at;
	unsigned long flags;
	struct st_rig rig;

	if (!have(16))
		ST_SKIP(t, "no vector stores");
	if (st_rig_open(&rig, t))
		return -EIO;
	for (width = 16; width <= WIDEST / 2 && have(width); width *= 2)
		for (at = 1; at < width; at += 5) {
			st_rig_descriptor(&rig, 2);
			buffer = pushbell_push_begin(rig.qp->page, &flags);
			store(buffer->base + at, (u8 *)rig.pushed + at, width);
			wmb();	/* or write-combining makes one store of what both have */
			pushbell_push_fill(buffer, 0, rig.pushed, rig.bytes);
			pushbell_push_end(buffer, pushbell_push_trailer(buffer, rig.qp->object.handle, rig.index,
									 rig.bytes), flags);
			if (st_rig_outcome(&rig, ST_MEMORY))
				return -EIO;
		}
	return st_drained(t, rig.qp);
}

const struct st_case st_store_cases[] = {
	{ "stores", "pushes by stores of 1 to 8 bytes, each left out in turn [claims 4, 13, 18, 28]", plain_stores },
	{ "vector-stores", "the same by vectors of 16, 32 and 64 bytes [claims 4, 13, 18, 28]", vector_stores },
	{ "vector-overlap", "vectors over each other are no whole push [claims 4, 13, 18, 28]", overlapping_vectors },
	{ }
};
