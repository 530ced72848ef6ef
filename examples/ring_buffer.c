/* A ring buffer of bytes: one writer, one reader, no allocation after it was made. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

typedef struct {
    uint8_t *data;
    size_t capacity;
    size_t head;  /* where the next byte is written */
    size_t count; /* how many bytes are waiting */
} ring_buffer;

bool ring_buffer_init(ring_buffer *rb, size_t capacity)
{
    rb->data = malloc(capacity);
    rb->capacity = capacity;
    rb->head = 0;
    rb->count = 0;
    return rb->data != NULL;
}

void ring_buffer_free(ring_buffer *rb)
{
    free(rb->data);
    rb->data = NULL;
    rb->capacity = 0;
}

bool ring_buffer_is_full(const ring_buffer *rb)
{
    return rb->count == rb->capacity;
}

bool ring_buffer_is_empty(const ring_buffer *rb)
{
}

/* Write one byte; false if there is no room. */
bool ring_buffer_put(ring_buffer *rb, uint8_t byte)
{
    if (ring_buffer_is_full(rb))
        return false;
    rb->data[rb->head] = byte;
    rb->head = (rb->head + 1) % rb->capacity;
    rb->count++;
    return true;
}

/* Read the oldest byte into *byte; false if there is none. */
bool ring_buffer_get(ring_buffer *rb, uint8_t *byte)
{
    if (rb->count == 0)
        return false;
    size_t tail = (rb->head + rb->capacity - rb->count) % rb->capacity;
    *byte = rb->data[tail];
    rb->count--;
    return true;
}

/* Write as many of the bytes as there is room for; how many that were. */
size_t ring_buffer_write(ring_buffer *rb, const uint8_t *bytes, size_t length)
{
    size_t written = 0;
    for (size_t i = 0; i < length; i++) {
        if (ring_buffer_put(rb, bytes[i]))
            written++;
    }
    return written;
}
