/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PCI device: life cycle, configuration space, properties. pushbell.h
 * gives the whole in one drawing.
 */
#include "qemu/osdep.h"
#include "hw/pci/msi.h"
#include "hw/pci/msix.h"
#include "hw/pci/pcie.h"
#include "migration/vmstate.h"
#include "qapi/error.h"
#include "qemu/module.h"
#include "qemu/range.h"
#include "pushbell.h"
#include "trace.h"

static void pb_set_identity(PbState *s)
{
    uint8_t *config = PCI_DEVICE(s)->config;
    const struct pb_function *f = &s->function;

    pci_config_set_vendor_id(config, s->vendor_id == PB_ID_UNSET
                             ? f->vendor_id : s->vendor_id);
    pci_config_set_device_id(config, s->device_id == PB_ID_UNSET
                             ? f->device_id : s->device_id);
    pci_config_set_revision(config, f->revision);
    pci_config_set_class(config, f->class_code >> 8);
    pci_config_set_prog_interface(config, f->class_code);
    pci_set_word(config + PCI_SUBSYSTEM_VENDOR_ID, f->subsystem_vendor_id);
    pci_set_word(config + PCI_SUBSYSTEM_ID, f->subsystem_id);
    pci_config_set_interrupt_pin(config, f->interrupt_pin);
}

static bool pb_add_msix(PbState *s, Error **errp)
{
    PCIDevice *pci = PCI_DEVICE(s);
    const struct pb_function *f = &s->function;

    if (!f->msix_vectors) {
        return true;
    }
    if (msix_init(pci, f->msix_vectors,
                  &s->bars[f->msix_table_bar].container, f->msix_table_bar,
                  f->msix_table_offset,
                  &s->bars[f->msix_pba_bar].container, f->msix_pba_bar,
                  f->msix_pba_offset, 0, errp) < 0) {
        return false;
    }
    pb_bars_cover_msix(s);
    for (unsigned i = 0; i < f->msix_vectors; i++) {
        msix_vector_use(pci, i);
    }
    return true;
}

static bool pb_check_properties(PbState *s, Error **errp)
{
    if (!s->socket_path) {
        error_setg(errp, "property \"socket\" is missing");
        error_append_hint(errp, "It is the path that the back-end listens on: "
                          "pushbell serve --socket-path PATH\n");
        return false;
    }
    if ((s->vendor_id != PB_ID_UNSET && s->vendor_id > UINT16_MAX) ||
        (s->device_id != PB_ID_UNSET && s->device_id > UINT16_MAX)) {
        error_setg(errp, "vendor-id and device-id have 16 bits");
        return false;
    }
    if (s->read_timeout_ms == 0 || s->control_timeout_ms == 0) {
        error_setg(errp, "read-timeout-ms and control-timeout-ms must not be "
                   "0");
        return false;
    }
    return true;
}

/* In reverse order of realize; what was not set up is left alone. */
static void pb_unrealize(PbState *s)
{
    PCIDevice *pci = PCI_DEVICE(s);

    qatomic_set(&s->exiting, true);
    pb_wait_wake_all(s);
    if (s->vm_handler) {
        qemu_del_vm_change_state_handler(s->vm_handler);
        s->vm_handler = NULL;
    }
    pb_session_destroy(s);
    pb_reconnect_destroy(s);
    pb_gone_destroy(s);
    pb_iommu_stop(s);
    pb_memory_stop(s);
    pb_irq_destroy(s);
    if (msix_present(pci)) {
        msix_unuse_all_vectors(pci);
        msix_uninit(pci, &s->bars[s->function.msix_table_bar].container,
                    &s->bars[s->function.msix_pba_bar].container);
    }
    if (pci->exp.exp_cap) {
        pcie_cap_exit(pci);
    }
    pb_bars_destroy(s);
}

static void pb_realize(PCIDevice *pci, Error **errp)
{
    ERRP_GUARD();
    PbState *s = PUSHBELL(pci);

    if (!pb_check_properties(s, errp)) {
        return;
    }
    pb_session_start(s);
    pb_reconnect_init(s);
    pb_gone_init(s);
    if (!pb_iommu_start(s, errp) ||
        !pb_session_open(s, &s->function, errp)) {
        goto fail;
    }
    if (!pb_function_check(&s->function, errp)) {
        error_prepend(errp, "the back-end's description is wrong: ");
        goto fail;
    }
    pb_set_identity(s);
    if (!pb_bars_create(s, errp) || !pb_express_add(s, errp) ||
        !pb_power_add_capability(s, errp) || !pb_add_msix(s, errp) ||
        !pb_ring_create(s, errp) || !pb_irq_create(s, errp) ||
        !pb_session_attach(s, errp)) {
        goto fail;
    }
    s->vm_handler = qdev_add_vm_change_state_handler(DEVICE(s),
                                                     pb_control_run_state, s);
    pb_session_established(s);
    pb_express_show_link(s, true);
    return;

fail:
    pb_unrealize(s);
}

static void pb_exit(PCIDevice *pci)
{
    PbState *s = PUSHBELL(pci);

    /* Before anything is taken away: no DMA, no interrupt from here on. */
    if (qatomic_read(&s->session.connected)) {
        pb_control_run_state(s, false, RUN_STATE_PAUSED);
    }
    pb_express_show_link(s, false);
    pb_unrealize(s);
}

/* Whether this write clears Bus Master Enable, which is set now. */
static bool pb_clears_bus_master(PCIDevice *pci, uint32_t addr, uint32_t value,
                                 int len)
{
    uint32_t shift = (PCI_COMMAND - addr) * 8;

    return (pci_get_word(pci->config + PCI_COMMAND) & PCI_COMMAND_MASTER) &&
           addr <= PCI_COMMAND && range_covers_byte(addr, len, PCI_COMMAND) &&
           !((value >> shift) & PCI_COMMAND_MASTER);
}

static void pb_config_write(PCIDevice *pci, uint32_t addr, uint32_t value,
                            int len)
{
    PbState *s = PUSHBELL(pci);
    uint8_t power = pb_power_state(s);

    trace_pushbell_config_write(addr, value, len);
    if (s->gone) {
        return;
    }
    if (pb_clears_bus_master(pci, addr, value, len)) {
        pb_control_bus_master_off(s);
    }
    pci_default_write_config(pci, addr, value, len);
    if (pci->exp.exp_cap) {
        pcie_cap_flr_write_config(pci, addr, value, len);
    }
    pb_control_config_written(s);
    pb_power_config_written(s, power);
}

static uint32_t pb_config_read(PCIDevice *pci, uint32_t addr, int len)
{
    if (PUSHBELL(pci)->gone) {
        return MAKE_64BIT_MASK(0, len * 8);
    }
    return pci_default_read_config(pci, addr, len);
}

/* FLR comes here from pcie_cap_flr_write_config(), with its bit still set. */
static void pb_reset(DeviceState *dev)
{
    PCIDevice *pci = PCI_DEVICE(dev);
    bool flr = pci->exp.exp_cap &&
               (pci_get_word(pci->config + pci->exp.exp_cap + PCI_EXP_DEVCTL) &
                PCI_EXP_DEVCTL_BCR_FLR);

    pb_control_reset(PUSHBELL(dev), flr ? PB_CONTROL_FUNCTION_RESET
                                        : PB_CONTROL_BUS_RESET);
}

static void pb_instance_init(Object *obj)
{
    PbState *s = PUSHBELL(obj);

    /*
     * Whether the function has the capability is known only after the core has
     * sized config space; the larger one does no harm on a conventional bus.
     */
    PCI_DEVICE(obj)->cap_present |= QEMU_PCI_CAP_EXPRESS;
    for (unsigned i = 0; i < PB_MAX_BARS; i++) {
        s->bars[i].ram_fd = -1;
    }
    pb_ring_init(s);
    pb_irq_init(s);
    pb_session_init(s);
}

/* Ring and locks live as long as a vCPU may come back from waiting on them. */
static void pb_instance_finalize(Object *obj)
{
    PbState *s = PUSHBELL(obj);

    pb_ring_destroy(s);
    qemu_mutex_destroy(&s->irq.lock);
    pb_session_finalize(s);
}

PB_PROPERTIES pb_properties[] = {
    DEFINE_PROP_STRING("socket", PbState, socket_path),
    DEFINE_PROP_UINT32("vendor-id", PbState, vendor_id, PB_ID_UNSET),
    DEFINE_PROP_UINT32("device-id", PbState, device_id, PB_ID_UNSET),
    DEFINE_PROP_UINT32("read-timeout-ms", PbState, read_timeout_ms, 5000),
    DEFINE_PROP_UINT32("control-timeout-ms", PbState, control_timeout_ms,
                       1000),
    DEFINE_PROP_UINT32("spin-us", PbState, spin_us, 50),
    PB_PROPERTIES_END
};

/* The state is in another process: say so instead of losing it. */
static const VMStateDescription pb_vmstate = {
    .name = TYPE_PUSHBELL,
    .unmigratable = 1,
};

static void pb_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);

    pb_vcpus_init();
    pc->realize = pb_realize;
    pc->exit = pb_exit;
    pc->config_read = pb_config_read;
    pc->config_write = pb_config_write;
    pb_compat_set_reset(dc, pb_reset);
    device_class_set_props(dc, pb_properties);
    dc->vmsd = &pb_vmstate;
    dc->desc = "PCI function served by another process (vhost-user)";
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
}

static const TypeInfo pb_type = {
    .name = TYPE_PUSHBELL,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(PbState),
    .instance_init = pb_instance_init,
    .instance_finalize = pb_instance_finalize,
    .class_init = pb_class_init,
    .interfaces = (InterfaceInfo[]) {
        { INTERFACE_PCIE_DEVICE },
        { INTERFACE_CONVENTIONAL_PCI_DEVICE },
        { },
    },
};

static void pb_register_types(void)
{
    type_register_static(&pb_type);
}

type_init(pb_register_types)
