/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Power management: D0 and D3hot (PCI Bus Power Management 1.2). In D3hot the
 * function answers config space and nothing else, does no DMA and raises no
 * interrupt. Its state is kept (No_Soft_Reset), so D0 goes on where it was.
 *
 * QEMU 10 has helpers of its own that unmap the BARs; 7.2 has not. Both get the
 * same here: the BARs stay where they are and read as all-ones.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "pushbell.h"
#include "trace.h"

#define PB_PM_STATE_MASK 3
#define PB_PM_D3HOT 3
#define PB_PM_VERSION 3         /* of the specification: 1.2 */
#define PB_PM_SIZE 8

static uint8_t *pb_power_control(PbState *s)
{
    return PCI_DEVICE(s)->config + s->pm_cap + PCI_PM_CTRL;
}

bool pb_power_add_capability(PbState *s, Error **errp)
{
    PCIDevice *pci = PCI_DEVICE(s);
    int at = pci_add_capability(pci, PCI_CAP_ID_PM, 0, PB_PM_SIZE, errp);

    if (at < 0) {
        return false;
    }
    s->pm_cap = at;
    pci_set_word(pci->config + at + PCI_PM_PMC, PB_PM_VERSION);
    pci_set_word(pb_power_control(s), PCI_PM_CTRL_NO_SOFT_RESET);
    pci_set_word(pci->wmask + at + PCI_PM_CTRL, PB_PM_STATE_MASK);
    return true;
}

uint8_t pb_power_state(PbState *s)
{
    return s->pm_cap ? pci_get_word(pb_power_control(s)) & PB_PM_STATE_MASK : 0;
}

static void pb_power_store(PbState *s, uint8_t state)
{
    uint16_t word = pci_get_word(pb_power_control(s));

    pci_set_word(pb_power_control(s), (word & ~PB_PM_STATE_MASK) | state);
}

static void pb_power_show(PbState *s, bool d3hot)
{
    trace_pushbell_power(!d3hot);
    s->d3hot = d3hot;
    pb_gone_update_off(s);
    pb_bars_show_off(s);
}

/* After config space changed; "before" is the state as it was. */
void pb_power_config_written(PbState *s, uint8_t before)
{
    uint8_t now = pb_power_state(s);

    if (now == before) {
        return;
    }
    /* D1 and D2 are not there: such a write leaves the state as it is. */
    if (now && now != PB_PM_D3HOT) {
        pb_power_store(s, before);
        return;
    }
    if (now) {
        pb_control_power(s, false);
        pb_irq_flush(s);        /* what was raised before it */
        pb_power_show(s, true);
        pb_irq_flush(s);        /* INTx goes down */
    } else {
        pb_power_show(s, false);
        pb_control_power(s, true);
        pb_irq_flush(s);
    }
}

/* A reset leads to D0; the back-end is told of the reset alone. */
void pb_power_reset(PbState *s)
{
    if (s->d3hot) {
        pb_power_store(s, 0);
        pb_power_show(s, false);
    }
}
