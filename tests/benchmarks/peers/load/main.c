/* A load generator for chat servers. It reads commands, a line each, with tabs between the words,
   and answers each with a line of JSON:

   dialect   acknowledged, refused, ping, pong, keepalive, seconds
   connect   port, at once, seconds, file     (see `load_sockets`)
   run       seconds, until (d or a), batch, window, pace, patience, command
   idle      seconds
   disconnect
*/

#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

static char *word(char **rest)
{
    char *found = strsep(rest, "\t");
    return found != NULL ? found : "";
}

static void set(char **field, char **rest)
{
    free(*field);
    *field = strdup(word(rest));
}

static void do_dialect(char *rest)
{
    set(&dialect.acknowledged, &rest);
    set(&dialect.refused, &rest);
    set(&dialect.ping, &rest);
    set(&dialect.pong, &rest);
    set(&dialect.keepalive, &rest);
    dialect.keepalive_seconds = strtod(word(&rest), NULL);
    printf("{}\n");
}

static void do_connect(char *rest)
{
    int port = atoi(word(&rest)), at_once = atoi(word(&rest));
    double seconds = strtod(word(&rest), NULL);
    int next = load_sockets(word(&rest)), first = next;
    double started = now(), cpu = cpu_seconds(), due = 0;
    uint64_t again = 0;
    opened = failed = 0;
    while (opened < (uint64_t)(socket_count - first) && now() < started + seconds) {
        while (next < socket_count &&
               (uint64_t)(next - first) < opened + (uint64_t)at_once)
            start_connecting(&sockets[next++], port);
        poll_once(50);
        keep_alive();
        if (failed) {
            again += failed;
            failed = 0;
            /* A refused client comes again half a second later. */
            due = due ? due : now() + 0.5;
        }
        if (due && now() > due) {
            due = 0;
            for (int i = first; i < next; i++)
                if (sockets[i].fd < 0)
                    start_connecting(&sockets[i], port);
        }
    }
    double taken = now() - started;
    failed = (uint64_t)(socket_count - first) - opened;
    printf("{\"opened\": %lu, \"failed\": %lu, \"again\": %lu, \"seconds\": %f, "
           "\"load_cpu\": %f}\n",
           opened, failed, again, taken, (cpu_seconds() - cpu) / taken);
}

static uint64_t missing(void)
{
    uint64_t count = 0;
    for (int i = 0; i < conversation_count; i++)
        for (uint32_t number = 1; number <= conversations[i].count; number++) {
            uint32_t seen = conversations[i].messages[number].seen;
            count += seen < conversations[i].receivers ? conversations[i].receivers - seen : 0;
        }
    return count;
}

static void do_run(char *rest)
{
    double seconds = strtod(word(&rest), NULL);
    memset(&run, 0, sizeof run);
    run.until = *word(&rest);
    run.batch = (uint32_t)atoi(word(&rest));
    run.window = (uint32_t)atoi(word(&rest));
    run.pace = strtod(word(&rest), NULL);
    double patience = strtod(word(&rest), NULL), cpu = cpu_seconds();
    uint64_t closed = failed;
    run.command = rest != NULL ? rest : "";
    work(seconds, patience);
    double taken = run.last - run.started, whole = now() - run.started;
    printf("{\"seconds\": %f, \"whole_seconds\": %f, \"sent\": %lu, \"completed\": %lu, "
           "\"acknowledged\": %lu, \"refused\": %lu, \"deliveries\": %lu, \"bytes\": %lu, "
           "\"out_of_order\": %lu, \"missing\": %lu, \"closed\": %lu, \"p50\": %f, \"p99\": %f, "
           "\"load_cpu\": %f}\n",
           taken, whole, run.sent, run.completed, run.acknowledged, run.refused, run.deliveries,
           run.bytes, run.out_of_order, run.until == 'd' ? missing() : 0, failed - closed,
           histogram_quantile(0.5), histogram_quantile(0.99), (cpu_seconds() - cpu) / whole);
    run.command = "";
}

static void do_idle(char *rest)
{
    double until = now() + strtod(word(&rest), NULL);
    uint64_t closed = failed;
    while (now() < until) {
        poll_once(50);
        keep_alive();
    }
    printf("{\"closed\": %lu}\n", failed - closed);
}

static int carry_out(char *line)
{
    char *work = word(&line);
    if (strcmp(work, "dialect") == 0)
        do_dialect(line);
    else if (strcmp(work, "connect") == 0)
        do_connect(line);
    else if (strcmp(work, "run") == 0)
        do_run(line);
    else if (strcmp(work, "idle") == 0)
        do_idle(line);
    else if (strcmp(work, "disconnect") == 0)
        disconnect_all(), printf("{}\n");
    else
        return 0;
    fflush(stdout);
    return 1;
}

int main(void)
{
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    loop = epoll_create1(0);
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    /* Between two commands nothing is read: each work ends when nothing is under way. */
    while ((length = getline(&line, &room, stdin)) > 0) {
        line[length - 1] = 0;
        if (!carry_out(line)) {
            fprintf(stderr, "Unknown command: %s\n", line);
            return 1;
        }
    }
    free(line);
    return 0;
}
