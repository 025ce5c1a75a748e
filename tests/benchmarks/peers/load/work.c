/* The works: commands in a window or at a pace, until each is answered, or has reached everybody. */

#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

struct run run;
int loop;

static uint32_t new_message(struct conversation *conversation, int sender, int slot, double at)
{
    uint32_t number = ++conversation->count;
    if (number >= conversation->room) {
        uint32_t room = conversation->room ? conversation->room * 2 : 1024;
        conversation->messages = realloc(conversation->messages, sizeof(struct message) * room);
        conversation->order = realloc(conversation->order, sizeof(uint32_t) * room);
        conversation->room = room;
    }
    conversation->messages[number] = (struct message){.at = at, .sender = sender, .slot = slot};
    return number;
}

/* Write the command with its number, the number of its batch, and for HTTP the length. */
static size_t fill(char *text, size_t room, const struct sock *sock, uint32_t number)
{
    char digits[16];
    snprintf(digits, sizeof digits, "%08u", number);
    const char *id = conversations[sock->conversation].id;
    size_t length = 0;
    for (const char *from = run.command; *from && length + 256 < room;) {
        if (strncmp(from, "NUMBER", 6) == 0) {
            length += (size_t)sprintf(text + length, "%s", digits);
            from += 6;
        } else if (strncmp(from, "INTEGER", 7) == 0) {
            length += (size_t)sprintf(text + length, "%u", number);
            from += 7;
        } else if (strncmp(from, "CONVERSATION", 12) == 0) {
            /* What follows a # tells apart sockets that count by themselves. */
            length += (size_t)sprintf(text + length, "%.*s", (int)strcspn(id, "#"), id);
            from += 12;
        } else {
            text[length++] = *from++;
        }
    }
    text[length] = 0;
    return length;
}

static void send_command(struct sock *sock)
{
    static char text[65536], request[70000];
    struct conversation *conversation = &conversations[sock->conversation];
    double at = now();
    int slot = (int)((sock->first_slot + sock->used_slots++) % MAX_SLOTS);
    sock->slots[slot] = (struct slot){at, run.batch};
    uint32_t first = new_message(conversation, (int)(sock - sockets), slot, at);
    for (uint32_t i = 1; i < run.batch; i++)
        new_message(conversation, (int)(sock - sockets), slot, at);
    size_t length = fill(text, sizeof text, sock, first);
    run.sent++;
    if (sock->role == HTTP) {
        int head = snprintf(request, sizeof request, "%sContent-Length: %zu\r\n\r\n", sock->head,
                            length);
        memcpy(request + head, text, length);
        send_all(sock->fd, request, (size_t)head + length);
    } else {
        send_text(sock, text);
    }
}

static void complete(struct sock *sock, int slot, double at)
{
    run.completed++;
    if (run.until == 'a')
        histogram_add(at - sock->slots[slot].at);
    run.last = at;
    /* Slots may be complete in another order than that of the ring: free those at its start. */
    sock->slots[slot].at = -1;
    while (sock->used_slots && sock->slots[sock->first_slot].at < 0) {
        sock->first_slot = (sock->first_slot + 1) % MAX_SLOTS;
        sock->used_slots--;
    }
    while (run.going && !run.pace && sock->used_slots < run.window && sock->state == OPEN)
        send_command(sock);
}

void on_answer(struct sock *sock, int refused)
{
    refused ? run.refused++ : run.acknowledged++;
    if (run.until == 'a' && sock->used_slots)
        complete(sock, (int)sock->first_slot, now());
}

void on_mark(struct sock *sock, uint32_t number)
{
    struct conversation *conversation = &conversations[sock->conversation];
    if (number == 0 || number > conversation->count)
        return;
    struct message *message = &conversation->messages[number];
    double at = now();
    if (message->place == 0) {
        conversation->order[conversation->arrived] = number;
        message->place = ++conversation->arrived;
    }
    if (message->place != sock->position + 1)
        run.out_of_order++; /* doubled, or some before it are missing, or late */
    sock->position = message->place > sock->position ? message->place : sock->position;
    run.deliveries++;
    run.last = at;
    if (run.until == 'd')
        histogram_add(at - message->at);
    if (++message->seen == conversation->receivers && run.until == 'd') {
        struct sock *sender = &sockets[message->sender];
        if (--sender->slots[message->slot].left == 0)
            complete(sender, message->slot, at);
    }
}

void keep_alive(void)
{
    static int next;
    double at = now();
    if (dialect.keepalive == NULL || !*dialect.keepalive || dialect.keepalive_seconds <= 0)
        return;
    for (int i = 0; i < socket_count; i++, next++) {
        struct sock *sock = &sockets[next % socket_count];
        if (sock->state == OPEN && sock->role != HTTP &&
            at - sock->said_at > dialect.keepalive_seconds) {
            /* Spread what is due over the period, also after all have opened at once. */
            sock->said_at = at - dialect.keepalive_seconds * 0.2 * drand48();
            send_text(sock, dialect.keepalive);
        }
    }
}

void poll_once(int milliseconds)
{
    static struct epoll_event events[1024];
    int count = epoll_wait(loop, events, 1024, milliseconds);
    for (int i = 0; i < count; i++) {
        if (events[i].data.u32 == UINT32_MAX)
            continue;
        struct sock *sock = &sockets[events[i].data.u32];
        if (sock->state == CLOSED)
            continue;
        if (sock->state == CONNECTING)
            on_writable(sock);
        else
            read_sock(sock);
    }
}

static int under_way(void)
{
    for (int i = 0; i < socket_count; i++)
        if (sockets[i].role != RECEIVER && sockets[i].state == OPEN && sockets[i].used_slots)
            return 1;
    return 0;
}

static void send_at_pace(double *due)
{
    while (now() >= *due) {
        for (int i = 0; i < socket_count; i++)
            if (sockets[i].role != RECEIVER && sockets[i].state == OPEN &&
                sockets[i].used_slots < MAX_SLOTS)
                send_command(&sockets[i]);
        *due += run.pace;
    }
}

/* Work for some seconds; then wait for what is under way, within the patience. */
void work(double seconds, double patience)
{
    double due = now(), checked = 0;
    run.started = run.last = due;
    run.going = 1;
    histogram_clear();
    for (int i = 0; i < socket_count; i++) {
        struct sock *sock = &sockets[i];
        sock->first_slot = sock->used_slots = 0;
        while (!run.pace && sock->role != RECEIVER && sock->state == OPEN &&
               sock->used_slots < run.window)
            send_command(sock);
    }
    for (;;) {
        double at = now();
        run.going = at < run.started + seconds;
        if (at - checked > 0.1) {
            keep_alive();
            checked = at;
        }
        if (run.going && run.pace)
            send_at_pace(&due);
        if (!run.going && (!under_way() || at > run.started + seconds + patience))
            break;
        poll_once(run.pace ? 1 : 20);
    }
    run.going = 0;
}
