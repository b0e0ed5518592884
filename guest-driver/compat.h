/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What kernels from 6.1 on do not have in common, each with its oldest equivalent. The rest of the driver uses only
 * interfaces that are the same in all of them.
 */
#ifndef PUSHBELL_COMPAT_H
#define PUSHBELL_COMPAT_H
#include <linux/fs.h>
#include <linux/pci.h>
#include <linux/seq_file.h>
#include <linux/version.h>

/* Since 6.7: a seq_file that can be written too. */
#ifndef DEFINE_SHOW_STORE_ATTRIBUTE
#define DEFINE_SHOW_STORE_ATTRIBUTE(name)					\
static int name##_open(struct inode *inode, struct file *file)			\
{										\
	return single_open(file, name##_show, inode->i_private);		\
}										\
static const struct file_operations name##_fops = {				\
	.owner = THIS_MODULE,							\
	.open = name##_open,							\
	.read = seq_read,							\
	.write = name##_write,							\
	.llseek = seq_lseek,							\
	.release = single_release,						\
}
#endif

/* Since 6.8 under this name. */
#ifndef PCI_IRQ_INTX
#define PCI_IRQ_INTX PCI_IRQ_LEGACY
#endif

/* Since 6.3 it is told how to allocate. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define PUSHBELL_MAP_GFP
#else
#define PUSHBELL_MAP_GFP , GFP_KERNEL
#endif

#endif /* PUSHBELL_COMPAT_H */
