// SPDX-License-Identifier: MIT
/*
 * What a context switch costs: two threads wake each other by turns, at a
 * real-time priority, as fair shares make the cost of a switch depend on what was before.
 *
 *	switches bare		a reading of now, to be made without the module
 *	switches		the readings with it, in all kinds of sessions
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "crowd.h"
#include "meter.h"
#include "report.h"
#include "session.h"

#define PRIORITY 10
#define TRIPS	 50
#define SWITCHES (2 * TRIPS)
#define ROUNDS	 61
#define CROWD	 100
#define REST_US	 500000

static int there, back; /* eventfds */

static void wake(int fd)
{
	if (eventfd_write(fd, 1))
		report_fail("cannot wake the other thread: %s", strerror(errno));
}

static void sleep_on(int fd)
{
	eventfd_t times;

	if (eventfd_read(fd, &times))
		report_fail("cannot wait for the other thread: %s", strerror(errno));
}

static void *answer(void *data)
{
	(void)data;
	for (;;) {
		sleep_on(there);
		wake(back);
	}
	return NULL;
}

static void play(void)
{
	for (int trip = 0; trip < TRIPS; trip++) {
		wake(there);
		sleep_on(back);
	}
}

/* The thread inherits the priority. */
static void start_partner(void)
{
	struct sched_param priority = { .sched_priority = PRIORITY };
	pthread_t thread;

	there = eventfd(0, EFD_CLOEXEC);
	back = eventfd(0, EFD_CLOEXEC);
	if (there < 0 || back < 0)
		report_fail("eventfd: %s", strerror(errno));
	if (sched_setscheduler(0, SCHED_FIFO, &priority))
		report_fail("no real-time priority: run it as root");
	if (pthread_create(&thread, NULL, answer, NULL))
		report_fail("cannot make a thread");
}

/*
 * A grace period of RCU, as after the end of a process, makes switches dearer, and cannot end while
 * these two keep the CPU.
 */
static void rest(void)
{
	usleep(REST_US);
}

static void measure(const char *name)
{
	report_reading((double)meter_median(ROUNDS, rest, play) / SWITCHES, "switch-%s", name);
}

static void measure_in(const char *name, uint32_t flags, const struct crowd *crowd, pid_t process)
{
	struct session session;

	session_open(&session, flags, 0, 0);
	session_add_crowd(&session, crowd);
	if (process)
		session_add(&session, process);
	measure(name);
	session_close(&session);
}

int main(int count, char **words)
{
	struct crowd crowd;

	meter_begin();
	if (count > 2 || (count == 2 && strcmp(words[1], "bare") != 0))
		report_fail("usage: switches [bare]");
	if (count == 2) {
		start_partner();
		measure("bare");
		return 0;
	}
	crowd_gather(&crowd, CROWD, 1);
	start_partner();
	measure("loaded");
	measure_in("others", 0, &crowd, 0);
	measure_in("others-ran", FL_SETUP_RAN, &crowd, 0);
	measure_in("followed", 0, &crowd, getpid());
	measure_in("followed-ran", FL_SETUP_RAN, &crowd, getpid());
	/* What the module watches it watches for ten seconds more. */
	sleep(12);
	measure("left");
	crowd_dismiss(&crowd);
	return 0;
}
