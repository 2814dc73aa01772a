// SPDX-License-Identifier: MIT
/* The module: a session of libfaultline's with one ring. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "source.h"

struct module {
	struct source source;
	struct faultline_session *session;
	struct faultline_reader *reader;
	struct faultline_batch *batch; /* NULL: the next one is to be read */
	char version[sizeof(((struct fl_version *)0)->module)];
};

static int failed(int error)
{
	return source_failed(error, "%s", faultline_message());
}

static int open_failed(int error, const char *device)
{
	switch (error) {
	case -ENOENT:
	case -ENODEV:
	case -ENXIO:
		return source_failed(error,
				     "%s is not there (is the module loaded? see `faultline "
				     "doctor`)",
				     device);
	case -EACCES:
	case -EPERM:
		return source_failed(error,
				     "%s may not be opened by this user (see `faultline "
				     "doctor`)",
				     device);
	default:
		return failed(error);
	}
}

/* Who may lock little memory gets a smaller ring. */
static int open_session(struct faultline_options *options, struct faultline_session **session)
{
	int error = faultline_session_open(options, session);

	for (uint64_t bytes = FL_RING_BYTES / 2;
	     error == -ENOMEM && bytes >= SOURCE_RING_LEAST_BYTES; bytes /= 2) {
		options->ring_bytes = bytes;
		error = faultline_session_open(options, session);
	}
	return error;
}

static int module_open(const struct source_plan *plan, struct source **source)
{
	uint64_t period = plan->period_ns ? plan->period_ns : SOURCE_MODULE_PERIOD_NS;
	struct faultline_options options = {
		.size = sizeof(options),
		.device = plan->device ? plan->device : FL_DEVICE,
		.period_ns = plan->only_when_asked ? 0 : period,
	};
	struct fl_version version;
	struct module *made;
	int error;

	made = calloc(1, sizeof(*made));
	if (!made)
		return source_failed(-ENOMEM, "no memory for a source");
	error = open_session(&options, &made->session);
	if (error) {
		open_failed(error, options.device);
		goto no_session;
	}
	made->reader = faultline_session_reader(made->session, 0);
	if (!made->reader) {
		error = source_failed(-EPROTO, "the module has no ring of a kind that is known");
		goto no_reader;
	}
	if (!faultline_module_version(options.device, &version))
		memcpy(made->version, version.module, sizeof(made->version) - 1);
	made->source = (struct source){
		.kind = &source_module,
		.fd = faultline_session_fd(made->session),
		.segment = {
			.size = sizeof(made->source.segment),
			.source = FAULTLINE_SOURCE_MODULE,
			.clock = FL_CLOCK_MONOTONIC,
			.page_bytes = faultline_session_header(made->session)->page_bytes,
			.period_ns = options.period_ns,
			.source_version = made->version,
			.blind = "",
		},
	};
	*source = &made->source;
	return 0;

no_reader:
	faultline_session_close(made->session);
no_session:
	free(made);
	return error;
}

static struct module *of(struct source *source)
{
	return (struct module *)source;
}

static void module_close(struct source *source)
{
	faultline_session_close(of(source)->session);
	free(source);
}

static int module_add(struct source *source, enum fl_target_kind kind, int number)
{
	int error = faultline_session_add(of(source)->session, kind, number, NULL);

	return error ? failed(error) : 0;
}

static int module_start(struct source *source)
{
	int error = faultline_session_start(of(source)->session);

	return error ? failed(error) : 0;
}

static int module_stop(struct source *source)
{
	int error = faultline_session_stop(of(source)->session);

	return error ? failed(error) : 0;
}

static int module_sample(struct source *source)
{
	int error = faultline_session_sample(of(source)->session);

	return error ? failed(error) : 0;
}

static int module_next(struct source *source, const struct fl_record **record)
{
	struct module *module = of(source);
	int result;

	for (;;) {
		if (!module->batch) {
			result = faultline_reader_read(module->reader, &module->batch);
			if (result <= 0) {
				module->batch = NULL;
				return result ? failed(result) : 0;
			}
		}
		*record = faultline_next(module->batch);
		if (*record)
			return 1;
		module->batch = NULL;
		result = faultline_session_consume(module->session, module->reader);
		if (result)
			return failed(result);
	}
}

static void module_figures(const struct source *source, struct faultline_figures *figures)
{
	const struct module *module = (const struct module *)source;

	faultline_session_figures(module->session, figures);
}

const struct source_kind source_module = {
	.kind = FAULTLINE_SOURCE_MODULE,
	.open = module_open,
	.close = module_close,
	.add = module_add,
	.start = module_start,
	.stop = module_stop,
	.sample = module_sample,
	.next = module_next,
	.figures = module_figures,
};
