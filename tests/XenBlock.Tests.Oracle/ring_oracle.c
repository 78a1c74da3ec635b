/* Xen's own ring macros behind plain functions: one page, both ends, driven beside FrontRing and BackRing. */
#include <stdint.h>
#include <string.h>

/* Else the headers speak a dialect of 2005, with barriers under other names. */
#define __XEN_TOOLS__

#define xen_mb() __sync_synchronize()
#define xen_rmb() __sync_synchronize()
#define xen_wmb() __sync_synchronize()

#include <xen/xen.h>
#include <xen/io/blkif.h>

struct oracle {
    blkif_front_ring_t front;
    blkif_back_ring_t back;
};

uint32_t oracle_size(void)
{
    return sizeof(struct oracle);
}

void oracle_make(struct oracle *o, void *pages, uint32_t bytes, uint32_t start)
{
    blkif_sring_t *shared = pages;

    SHARED_RING_INIT(shared);
    shared->req_prod = shared->rsp_prod = start;
    shared->req_event = shared->rsp_event = start + 1;
    FRONT_RING_ATTACH(&o->front, shared, start, bytes);
    BACK_RING_ATTACH(&o->back, shared, start, bytes);
}

uint32_t oracle_slots(struct oracle *o)
{
    return RING_SIZE(&o->front);
}

uint32_t oracle_free(struct oracle *o)
{
    return RING_FREE_REQUESTS(&o->front);
}

uint32_t oracle_unanswered(struct oracle *o)
{
    return o->back.req_cons - o->back.rsp_prod_pvt;
}

void oracle_put_request(struct oracle *o, const void *slot)
{
    memcpy(RING_GET_REQUEST(&o->front, o->front.req_prod_pvt), slot, sizeof(blkif_request_t));
    o->front.req_prod_pvt++;
}

uint32_t oracle_push_requests(struct oracle *o)
{
    int notify;

    RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&o->front, notify);
    return notify;
}

/* 0: nothing there, 1: taken, 2: the peer's index is impossible; as RingTake. */
uint32_t oracle_take_request(struct oracle *o, void *slot)
{
    RING_IDX produced = o->back.sring->req_prod;

    if (RING_REQUEST_PROD_OVERFLOW(&o->back, produced))
        return 2;
    if (!RING_HAS_UNCONSUMED_REQUESTS(&o->back))
        return 0;
    xen_rmb();
    RING_COPY_REQUEST(&o->back, o->back.req_cons, (blkif_request_t *)slot);
    o->back.req_cons++;
    return 1;
}

uint32_t oracle_final_requests(struct oracle *o)
{
    int work;

    RING_FINAL_CHECK_FOR_REQUESTS(&o->back, work);
    return work != 0;
}

void oracle_put_response(struct oracle *o, const void *response)
{
    memcpy(RING_GET_RESPONSE(&o->back, o->back.rsp_prod_pvt), response, sizeof(blkif_response_t));
    o->back.rsp_prod_pvt++;
}

uint32_t oracle_push_responses(struct oracle *o)
{
    int notify;

    RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&o->back, notify);
    return notify;
}

uint32_t oracle_take_response(struct oracle *o, void *response)
{
    RING_IDX produced = o->front.sring->rsp_prod;

    if (RING_RESPONSE_PROD_OVERFLOW(&o->front, produced))
        return 2;
    if (!RING_HAS_UNCONSUMED_RESPONSES(&o->front))
        return 0;
    xen_rmb();
    RING_COPY_RESPONSE(&o->front, o->front.rsp_cons, (blkif_response_t *)response);
    o->front.rsp_cons++;
    return 1;
}

uint32_t oracle_final_responses(struct oracle *o)
{
    int work;

    RING_FINAL_CHECK_FOR_RESPONSES(&o->front, work);
    return work != 0;
}
