/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PCI Express capability: function-level reset, and what it says of the
 * link. Link values are for show, nothing gets faster by them, but drivers and
 * administrators look at them and complain of a link that is slower than it
 * could be.
 */
#include "qemu/osdep.h"
#include "hw/pci/pci_bridge.h"
#include "hw/pci/pcie.h"
#include "qapi/error.h"
#include "pushbell.h"

/* Where the PCI Express capability sits: after the standard header. */
#define PB_EXPRESS_CAP_OFFSET 0x40

/* The port on the other end of our link, or NULL. */
static PCIDevice *pb_express_port(PbState *s)
{
    PCIDevice *pci = PCI_DEVICE(s);
    PCIDevice *port = pci_bridge_get_device(pci_get_bus(pci));

    return port && pci_is_express_downstream_port(port) ? port : NULL;
}

/* Bit 1 stands for 2.5 GT/s, code 1. A component has all the slower ones. */
static uint32_t pb_express_speeds(unsigned fastest)
{
    return ((1u << fastest) - 1) << 1;
}

static void pb_express_set_link(PbState *s, PCIDevice *port)
{
    PCIDevice *pci = PCI_DEVICE(s);
    const struct pb_function *f = &s->function;
    uint8_t *cap = pci->config + pci->exp.exp_cap;
    uint32_t theirs = pci_get_long(port->config + port->exp.exp_cap +
                                   PCI_EXP_LNKCAP);
    /* What both ends can do. */
    unsigned speed = MIN(f->link_speed, theirs & PCI_EXP_LNKCAP_SLS);
    unsigned width = MIN(f->link_width,
                         (theirs & PCI_EXP_LNKCAP_MLW) >> ctz32(
                             PCI_EXP_LNKCAP_MLW));

    pci_set_long(cap + PCI_EXP_LNKCAP,
                 (pci_get_long(cap + PCI_EXP_LNKCAP) &
                  ~(PCI_EXP_LNKCAP_SLS | PCI_EXP_LNKCAP_MLW)) |
                 f->link_speed |
                 (uint32_t)f->link_width << ctz32(PCI_EXP_LNKCAP_MLW));
    pci_set_word(cap + PCI_EXP_LNKSTA,
                 (pci_get_word(cap + PCI_EXP_LNKSTA) &
                  ~(PCI_EXP_LNKSTA_CLS | PCI_EXP_LNKSTA_NLW)) |
                 speed | width << ctz32(PCI_EXP_LNKSTA_NLW));
    pci_set_long(cap + PCI_EXP_LNKCAP2, pb_express_speeds(f->link_speed));
    pci_set_word(cap + PCI_EXP_LNKCTL2,
                 (pci_get_word(cap + PCI_EXP_LNKCTL2) &
                  ~PCI_EXP_LNKCTL2_TLS) | f->link_speed);
}

bool pb_express_add(PbState *s, Error **errp)
{
    PCIDevice *pci = PCI_DEVICE(s);
    PCIDevice *port;

    if (!s->function.pcie || !pci_bus_is_express(pci_get_bus(pci))) {
        return true;
    }
    if (pcie_endpoint_cap_init(pci, PB_EXPRESS_CAP_OFFSET) < 0) {
        error_setg(errp, "cannot add the PCI Express capability");
        return false;
    }
    pcie_cap_flr_init(pci);
    port = pb_express_port(s);
    /* On the root bus it is an integrated endpoint, which has no link. */
    if (port && s->function.link_speed) {
        pb_express_set_link(s, port);
    }
    return true;
}

/*
 * Data Link Layer Link Active of the port above; no event says so. QEMU itself
 * keeps the bit only where the port, and not ACPI, tells of hot-plug.
 */
void pb_express_show_link(PbState *s, bool up)
{
    PCIDevice *port = pb_express_port(s);
    uint8_t *cap;

    /* The link belongs to function 0 where there are several. */
    if (!port || PCI_FUNC(PCI_DEVICE(s)->devfn)) {
        return;
    }
    cap = port->config + port->exp.exp_cap;
    if (!(pci_get_long(cap + PCI_EXP_LNKCAP) & PCI_EXP_LNKCAP_DLLLARC)) {
        return;
    }
    if (up) {
        pci_word_test_and_set_mask(cap + PCI_EXP_LNKSTA, PCI_EXP_LNKSTA_DLLLA);
    } else {
        pci_word_test_and_clear_mask(cap + PCI_EXP_LNKSTA,
                                     PCI_EXP_LNKSTA_DLLLA);
    }
}
