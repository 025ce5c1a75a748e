/* The load generator: sockets on one event loop, and the works that they do. */

#ifndef LOAD_H
#define LOAD_H

#include <stddef.h>
#include <stdint.h>

enum role { RECEIVER = 'r', SENDER = 's', HTTP = 'h' };
enum state { CONNECTING, UPGRADING, GREETING, OPEN, CLOSED };

#define MAX_STEPS 8
#define MAX_SLOTS 64

/* A frame to send, and a text that the answer contains. */
struct step {
    char *send, *wait;
};

struct slot {
    double at;    /* when it was sent */
    uint32_t left; /* messages that have not reached everybody yet */
};

struct sock {
    int fd;
    char role;
    enum state state;
    int conversation;
    char *head; /* the request that opens it, or the start of each HTTP request */
    struct step steps[MAX_STEPS];
    int step_count, step;
    uint8_t *part; /* the beginning of a frame that is not complete yet */
    size_t part_length, part_room;
    uint32_t position; /* messages received, in the order of the conversation */
    struct slot slots[MAX_SLOTS];
    uint32_t first_slot, used_slots; /* a ring: the oldest is answered first */
    double said_at;                  /* when it last sent its keepalive */
};

struct message {
    double at;
    uint32_t seen;  /* the receivers that have it */
    uint32_t place; /* in the order in which it arrived first; counts from 1 */
    int sender, slot;
};

struct conversation {
    char *id;
    uint32_t receivers, count, room, arrived;
    struct message *messages;
    uint32_t *order; /* the numbers, as they arrived at the first receiver */
};

/* What the frames of a server look like: texts within them. Empty means that there is no such. */
struct dialect {
    char *acknowledged, *refused; /* in an answer to a command */
    char *ping, *pong;            /* a text that asks whether the client is there, and its answer */
    char *keepalive;              /* what a client has to say */
    double keepalive_seconds;
};

/* One work: commands at a pace or in a window, for some seconds. */
struct run {
    int going;
    char *command;
    char until; /* 'd': delivered to all receivers; 'a': acknowledged */
    uint32_t batch, window;
    double pace; /* seconds between two commands; 0: as soon as the one before is complete */
    uint64_t sent, acknowledged, refused, deliveries, bytes, out_of_order, completed;
    double started, last;
};

extern struct sock *sockets;
extern int socket_count;
extern struct conversation *conversations;
extern int conversation_count;
extern struct dialect dialect;
extern struct run run;
extern uint64_t opened, failed;
extern int loop;

/* clock.c */
double now(void);
double cpu_seconds(void);
void histogram_clear(void);
void histogram_add(double seconds);
double histogram_quantile(double share); /* seconds; 0 if nothing was added */

/* frames.c */
void send_all(int fd, const char *bytes, size_t length);
void send_text(struct sock *sock, const char *text);
void read_sock(struct sock *sock);

/* sockets.c */
int load_sockets(const char *path);
void start_connecting(struct sock *sock, int port);
void on_writable(struct sock *sock);
void on_head(struct sock *sock);
void on_text(struct sock *sock, const char *text, size_t length);
void on_closed(struct sock *sock);
void disconnect_all(void);
int find_conversation(const char *id);

/* work.c */
void on_mark(struct sock *sock, uint32_t number);
void on_answer(struct sock *sock, int refused);
void work(double seconds, double patience);
void poll_once(int milliseconds);
void keep_alive(void);

#endif
