/* Bytes to frames: HTTP answers, and the frames of RFC 6455 as a client reads and writes them. */

#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROOM (1 << 20)

static uint8_t buffer[ROOM + 1];

void send_all(int fd, const char *bytes, size_t length)
{
    while (length) {
        ssize_t written = send(fd, bytes, length, MSG_NOSIGNAL);
        if (written < 0 && errno == EAGAIN) {
            struct pollfd one = {fd, POLLOUT, 0};
            poll(&one, 1, 1000);
        } else if (written <= 0) {
            return; /* the end of the connection is noticed by the next read */
        } else {
            bytes += written;
            length -= (size_t)written;
        }
    }
}

static void send_frame(struct sock *sock, uint8_t opcode, const char *payload, size_t length)
{
    static char frame[ROOM];
    size_t head = 2;
    if (length + 14 > ROOM)
        return;
    frame[0] = (char)(0x80 | opcode);
    if (length < 126) {
        frame[1] = (char)(0x80 | length);
    } else if (length < 65536) {
        frame[1] = (char)(0x80 | 126);
        frame[2] = (char)(length >> 8);
        frame[3] = (char)length;
        head = 4;
    } else {
        frame[1] = (char)(0x80 | 127);
        for (int i = 0; i < 8; i++)
            frame[2 + i] = (char)((uint64_t)length >> (56 - 8 * i));
        head = 10;
    }
    memset(frame + head, 0, 4); /* a mask of zeros changes nothing */
    memcpy(frame + head + 4, payload, length);
    send_all(sock->fd, frame, head + 4 + length);
}

void send_text(struct sock *sock, const char *text)
{
    send_frame(sock, 1, text, strlen(text));
}

/* Read one frame; return its length, or 0 if it is not complete. */
static size_t read_frame(struct sock *sock, uint8_t *bytes, size_t length)
{
    if (length < 2)
        return 0;
    uint8_t opcode = bytes[0] & 15;
    size_t head = 2, payload = bytes[1] & 127;
    if (payload == 126) {
        if (length < 4)
            return 0;
        payload = (size_t)bytes[2] << 8 | bytes[3];
        head = 4;
    } else if (payload == 127) {
        if (length < 10)
            return 0;
        payload = 0;
        for (int i = 2; i < 10; i++)
            payload = payload << 8 | bytes[i];
        head = 10;
    }
    if (length < head + payload)
        return 0;
    if (opcode == 9)
        send_frame(sock, 10, (char *)bytes + head, payload);
    else if (opcode == 8)
        on_closed(sock);
    else if (opcode <= 2)
        on_text(sock, (char *)bytes + head, payload);
    return head + payload;
}

/* Read the head of an answer to an upgrade. */
static size_t read_upgrade(struct sock *sock, uint8_t *bytes, size_t length)
{
    uint8_t *end = memmem(bytes, length, "\r\n\r\n", 4);
    if (end == NULL)
        return 0;
    if (length < 12 || memcmp(bytes + 8, " 101", 4) != 0)
        on_closed(sock);
    else
        on_head(sock);
    return (size_t)(end - bytes) + 4;
}

/* Read an HTTP answer that states its length, or that ends with an empty chunk. */
static size_t read_answer(struct sock *sock, uint8_t *bytes, size_t length)
{
    uint8_t *end = memmem(bytes, length, "\r\n\r\n", 4);
    if (end == NULL)
        return 0;
    size_t head = (size_t)(end - bytes) + 4, body = 0;
    int chunked = 0;
    for (uint8_t *line = bytes; line < end; line++) {
        line = memchr(line, '\n', (size_t)(end - line));
        if (line == NULL)
            break;
        if (strncasecmp((char *)line + 1, "content-length:", 15) == 0)
            body = strtoul((char *)line + 16, NULL, 10);
        else if (strncasecmp((char *)line + 1, "transfer-encoding: chunked", 26) == 0)
            chunked = 1;
    }
    if (chunked) {
        uint8_t *last = memmem(bytes + head, length - head, "\r\n0\r\n\r\n", 7);
        if (last == NULL)
            return 0;
        body = (size_t)(last - bytes) + 7 - head;
    }
    if (length < head + body)
        return 0;
    on_answer(sock, bytes[9] != '2');
    return head + body;
}

static size_t read_one(struct sock *sock, uint8_t *bytes, size_t length)
{
    if (sock->role == HTTP)
        return read_answer(sock, bytes, length);
    if (sock->state == UPGRADING)
        return read_upgrade(sock, bytes, length);
    return read_frame(sock, bytes, length);
}

void read_sock(struct sock *sock)
{
    size_t length = sock->part_length;
    if (length)
        memcpy(buffer, sock->part, length);
    ssize_t got = recv(sock->fd, buffer + length, ROOM - length, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        on_closed(sock);
        return;
    }
    run.bytes += (uint64_t)got;
    length += (size_t)got;
    buffer[length] = 0;
    size_t done = 0, one;
    while (done < length && sock->state != CLOSED &&
           (one = read_one(sock, buffer + done, length - done)) != 0)
        done += one;
    sock->part_length = length - done;
    if (sock->state == CLOSED || !sock->part_length)
        sock->part_length = 0;
    if (sock->part_length > sock->part_room) {
        sock->part_room = sock->part_length * 2;
        sock->part = realloc(sock->part, sock->part_room);
    }
    if (sock->part_length)
        memcpy(sock->part, buffer + done, sock->part_length);
}
