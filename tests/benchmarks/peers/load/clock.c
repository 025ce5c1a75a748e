/* Time, the CPU of this process, and a histogram of latencies. */

#include "load.h"

#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define SUB 64 /* buckets for each power of two: a width of 1.6 % */
#define POWERS 32

static uint64_t buckets[SUB * POWERS];
static uint64_t added;

double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

double cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

void histogram_clear(void)
{
    memset(buckets, 0, sizeof buckets);
    added = 0;
}

void histogram_add(double seconds)
{
    uint64_t micros = seconds > 0 ? (uint64_t)(seconds * 1e6) : 0;
    int power = micros < SUB ? 0 : 58 - __builtin_clzll(micros); /* SUB is 2^6 */
    uint64_t place = power == 0 ? micros : (uint64_t)power * SUB + ((micros >> (power - 1)) - SUB);
    if (place >= SUB * POWERS)
        place = SUB * POWERS - 1;
    buckets[place]++;
    added++;
}

double histogram_quantile(double share)
{
    uint64_t rank = (uint64_t)(share * (double)added), before = 0;
    for (uint64_t place = 0; added && place < SUB * POWERS; place++) {
        before += buckets[place];
        if (before > rank || before == added) {
            uint64_t power = place / SUB, rest = place % SUB;
            uint64_t micros = power == 0 ? rest : (SUB + rest) << (power - 1);
            return (double)micros * 1e-6;
        }
    }
    return 0;
}
