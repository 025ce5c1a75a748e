/* The sockets: their list, how each of them opens, and what they read. */

#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MARK 11 /* ~m00000001~ */

struct sock *sockets;
int socket_count;
struct conversation *conversations;
int conversation_count;
struct dialect dialect;
uint64_t opened, failed;

int find_conversation(const char *id)
{
    for (int i = conversation_count - 1; i >= 0; i--)
        if (strcmp(conversations[i].id, id) == 0)
            return i;
    conversations = realloc(conversations, sizeof *conversations * (size_t)(conversation_count + 1));
    conversations[conversation_count] = (struct conversation){.id = strdup(id)};
    return conversation_count++;
}

/* Add the sockets of a file. A line has, between tabs: the role, the conversation, the head with
   `|` for the ends of its lines, then a text to wait for and a text to send, in turn. Return the
   index of the first. */
int load_sockets(const char *path)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    int first = socket_count;
    while (file != NULL && (length = getline(&line, &room, file)) > 0) {
        line[length - 1] = 0;
        sockets = realloc(sockets, sizeof *sockets * (size_t)(socket_count + 1));
        struct sock *sock = &sockets[socket_count++];
        *sock = (struct sock){.fd = -1, .state = CLOSED};
        char *rest = line;
        sock->role = *strsep(&rest, "\t");
        sock->conversation = find_conversation(strsep(&rest, "\t"));
        char *head = strsep(&rest, "\t");
        size_t size = strlen(head) * 2 + 5;
        sock->head = calloc(1, size);
        char *to = sock->head;
        for (char *from = head; *from; from++)
            to = *from == '|' ? stpcpy(to, "\r\n") : (*to = *from, to + 1);
        while (rest != NULL && sock->step_count < MAX_STEPS) {
            struct step *step = &sock->steps[sock->step_count++];
            step->wait = strdup(strsep(&rest, "\t"));
            step->send = strdup(rest != NULL ? strsep(&rest, "\t") : "");
        }
        if (sock->role == RECEIVER)
            conversations[sock->conversation].receivers++;
    }
    free(line);
    if (file != NULL)
        fclose(file);
    return first;
}

void start_connecting(struct sock *sock, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int yes = 1;
    sock->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    sock->state = CONNECTING;
    sock->step = 0;
    if (sock->fd < 0) {
        sock->state = CLOSED;
        failed++;
        return;
    }
    setsockopt(sock->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    connect(sock->fd, (struct sockaddr *)&address, sizeof address);
    struct epoll_event event = {EPOLLOUT, {.u32 = (uint32_t)(sock - sockets)}};
    epoll_ctl(loop, EPOLL_CTL_ADD, sock->fd, &event);
}

void on_writable(struct sock *sock)
{
    struct epoll_event event = {EPOLLIN, {.u32 = (uint32_t)(sock - sockets)}};
    epoll_ctl(loop, EPOLL_CTL_MOD, sock->fd, &event);
    if (sock->role == HTTP) {
        sock->state = OPEN;
        opened++;
        return;
    }
    sock->state = UPGRADING;
    send_all(sock->fd, sock->head, strlen(sock->head));
}

static void greeted(struct sock *sock)
{
    if (sock->step == sock->step_count) {
        sock->state = OPEN;
        sock->said_at = now();
        opened++;
    }
}

void on_head(struct sock *sock)
{
    sock->state = GREETING;
    /* A client that speaks first waits for nothing. */
    while (sock->step < sock->step_count && !*sock->steps[sock->step].wait)
        send_text(sock, sock->steps[sock->step++].send);
    greeted(sock);
}

void on_closed(struct sock *sock)
{
    if (sock->state == CLOSED)
        return;
    failed++;
    if (sock->state == OPEN && opened)
        opened--; /* it comes back, and is counted then */
    sock->state = CLOSED;
    sock->part_length = 0;
    close(sock->fd);
    sock->fd = -1;
}

void disconnect_all(void)
{
    for (int i = 0; i < socket_count; i++) {
        struct sock *sock = &sockets[i];
        if (sock->fd >= 0)
            close(sock->fd);
        free(sock->part);
        free(sock->head);
        for (int step = 0; step < sock->step_count; step++) {
            free(sock->steps[step].send);
            free(sock->steps[step].wait);
        }
    }
    for (int i = 0; i < conversation_count; i++) {
        free(conversations[i].id);
        free(conversations[i].messages);
        free(conversations[i].order);
    }
    socket_count = conversation_count = 0;
    opened = failed = 0;
}

static int contains(const char *text, size_t length, const char *part)
{
    return part != NULL && *part && memmem(text, length, part, strlen(part)) != NULL;
}

static void find_marks(struct sock *sock, const char *text, size_t length)
{
    const char *end = text + length;
    while ((text = memchr(text, '~', (size_t)(end - text))) != NULL && end - text >= MARK) {
        uint32_t number = 0;
        int digits = 0;
        if (text[1] == 'm' && text[MARK - 1] == '~')
            for (; digits < 8 && text[2 + digits] >= '0' && text[2 + digits] <= '9'; digits++)
                number = number * 10 + (uint32_t)(text[2 + digits] - '0');
        if (digits == 8)
            on_mark(sock, number);
        text += digits == 8 ? MARK : 1;
    }
}

void on_text(struct sock *sock, const char *text, size_t length)
{
    if (dialect.ping != NULL && *dialect.ping && length == strlen(dialect.ping) &&
        memcmp(text, dialect.ping, length) == 0) {
        send_text(sock, dialect.pong);
        return;
    }
    if (sock->state == GREETING) {
        /* Each text waits for a frame of its own. */
        if (contains(text, length, sock->steps[sock->step].wait)) {
            const char *answer = sock->steps[sock->step++].send;
            if (*answer)
                send_text(sock, answer);
            greeted(sock);
        }
        return;
    }
    if (sock->role == RECEIVER)
        find_marks(sock, text, length);
    else if (contains(text, length, dialect.refused))
        on_answer(sock, 1);
    else if (contains(text, length, dialect.acknowledged))
        on_answer(sock, 0);
}
