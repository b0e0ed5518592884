/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events that must keep their place among register accesses although they go
 * over the socket: each carries the ring's PRODUCER, the back-end handles the
 * slots before it first, and the guest goes on after the acknowledgement. Once
 * a reset, Bus Master off or STOP is acknowledged there is no DMA and no
 * interrupt; what was raised before it has been delivered or, for a reset,
 * thrown away.
 */
#include "qemu/osdep.h"
#include "hw/pci/msix.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "pushbell.h"
#include "trace.h"

bool pb_control_event(PbState *s, uint32_t kind, uint32_t value, Error **errp)
{
    struct pb_control_event event = {
        .kind = kind,
        .value = value,
        .producer = pb_ring_producer(s),
        .reset_epoch = s->ring.epoch,
    };

    trace_pushbell_control(kind, value, event.producer, event.reset_epoch);
    return pb_session_tell(s, PB_REQUEST_PCI_CONTROL, &event, sizeof(event),
                           NULL, 0, errp);
}

/*
 * While no back-end is there nothing is lost: it gets the present values. One
 * that does not acknowledge in time has lost the connection, and the guest goes
 * on; when it wakes up it finds that, or the newer reset epoch, before it does
 * anything else.
 */
static void pb_control_tell(PbState *s, uint32_t kind, uint32_t value)
{
    Error *err = NULL;

    if (qatomic_read(&s->session.connected) &&
        !pb_control_event(s, kind, value, &err)) {
        error_reportf_err(err, "pushbell-pci: ");
        /* One that refuses may go on with its DMA: not in this connection. */
        pb_session_close(s);
    }
}

static void pb_control_look(PbState *s)
{
    PCIDevice *pci = PCI_DEVICE(s);
    uint16_t command = pci_get_word(pci->config + PCI_COMMAND);

    s->bus_master = command & PCI_COMMAND_MASTER;
    s->intx_disabled = command & PCI_COMMAND_INTX_DISABLE;
    s->msix_enabled = msix_enabled(pci);
}

/* Part of the connect sequence. */
bool pb_control_send_present(PbState *s, Error **errp)
{
    pb_control_look(s);
    return pb_control_event(s, PB_CONTROL_BUS_MASTER, s->bus_master, errp) &&
           pb_control_event(s, PB_CONTROL_MSIX_ENABLE, s->msix_enabled,
                            errp) &&
           (!s->function.interrupt_pin ||
            pb_control_event(s, PB_CONTROL_INTX_DISABLE, s->intx_disabled,
                             errp)) &&
           pb_control_event(s, PB_CONTROL_POWER, !s->d3hot, errp);
}

void pb_control_power(PbState *s, bool on)
{
    pb_control_tell(s, PB_CONTROL_POWER, on);
}

/*
 * Before config space changes: interrupts from before the acknowledgement still
 * find Bus Master Enable set.
 */
void pb_control_bus_master_off(PbState *s)
{
    pb_control_tell(s, PB_CONTROL_BUS_MASTER, 0);
    pb_irq_flush(s);
    s->bus_master = false;
}

/* After config space changed. */
void pb_control_config_written(PbState *s)
{
    bool bus_master = s->bus_master;
    bool msix = s->msix_enabled;
    bool intx_disabled = s->intx_disabled;

    pb_control_look(s);
    if (s->msix_enabled != msix) {
        pb_control_tell(s, PB_CONTROL_MSIX_ENABLE, s->msix_enabled);
    }
    if (s->intx_disabled != intx_disabled && s->function.interrupt_pin) {
        pb_control_tell(s, PB_CONTROL_INTX_DISABLE, s->intx_disabled);
    }
    if (s->bus_master != bus_master) {
        pb_control_tell(s, PB_CONTROL_BUS_MASTER, s->bus_master);
    }
    if (s->bus_master != bus_master || s->msix_enabled != msix) {
        pb_irq_flush(s);
    }
}

/*
 * The epoch is raised first, so that accesses from before the reset are void
 * even if no back-end is there to be told. A reset leaves Bus Master, MSI-X and
 * Interrupt Disable off on both sides; no further events say so.
 */
void pb_control_reset(PbState *s, uint32_t kind)
{
    pb_ring_raise_epoch(s);
    pb_control_tell(s, kind, 0);
    pb_irq_discard(s);
    s->bus_master = false;
    s->msix_enabled = false;
    s->intx_disabled = false;
    pb_power_reset(s);
}

/* Part of the connect sequence: RUN only when the VM runs. */
bool pb_control_run(PbState *s, Error **errp)
{
    s->session.running = runstate_is_running();
    return !s->session.running ||
           pb_session_tell(s, PB_REQUEST_PCI_RUN, NULL, 0, NULL, 0, errp);
}

static void pb_control_set_running(PbState *s, bool running)
{
    Error *err = NULL;

    trace_pushbell_run_state(running);
    s->session.running = running;
    if (!pb_session_tell(s, running ? PB_REQUEST_PCI_RUN : PB_REQUEST_PCI_STOP,
                         NULL, 0, NULL, 0, &err)) {
        error_reportf_err(err, "pushbell-pci: ");
        pb_session_close(s);
    }
}

void pb_control_run_state(void *opaque, bool running, RunState state)
{
    PbState *s = opaque;

    if (qatomic_read(&s->session.connected)) {
        pb_control_set_running(s, running);
    }
    if (!running) {
        pb_irq_flush(s);
    }
    pb_gone_run_state(s, running);
}

/*
 * Around a change of guest memory that takes ranges away and brings others, or
 * the same ones elsewhere: DMA must not fall into the gap. Big lock held from
 * the one to the other; both do nothing while the function is stopped anyway.
 */
void pb_control_quiesce(PbState *s)
{
    if (qatomic_read(&s->session.connected) && s->session.running) {
        pb_control_set_running(s, false);
        s->session.quiesced = qatomic_read(&s->session.connected);
    }
}

void pb_control_resume(PbState *s)
{
    if (s->session.quiesced) {
        s->session.quiesced = false;
        if (qatomic_read(&s->session.connected) && runstate_is_running()) {
            pb_control_set_running(s, true);
        }
    }
}
