# SPDX-License-Identifier: MIT
# `make help` lists the targets. What is built goes to build/, what studies find to results/.

VERSION := $(shell cat VERSION)
CFLAGS  ?= -O2 -g
PREFIX  ?= /usr/local

# The kernel the module is for. MODULE_CC is the compiler, if not the kernel's own choice;
# MODULE_MAKE has further words for the kernel's make.
KVER       ?= $(shell uname -r)
KDIR       ?= /lib/modules/$(KVER)/build
MODULE_DIR ?= build/module/$(KVER)
MODULE_CC  ?=
MODULE_MAKE ?=
UPDATES     = $(DESTDIR)/lib/modules/$(KVER)/updates

# What the tool is linked with beside the library.
TOOL_LIBS := -ljansson -lncursesw -ltinfo -lm -lz

COMPILE  := $(CC) -std=gnu11 -Wall -Wextra -Werror -Iinclude/uapi -MMD -MP \
	    -DFL_VERSION='"$(VERSION)"'
SANITIZE := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all

WORK    := work memory number pattern target
MONITOR := monitor samples
LIBRARY := device mapping message options reader record recording_block recording_read \
	   recording_segment recording_write session
TOOL    := $(patsubst tool/%.c,%,$(wildcard tool/*.c))
# What the unit tests are about: all but the main programs.
TESTED  := $(addprefix classic/,memory number pattern samples target) kernel/classic_command \
	   $(addprefix lib/,$(LIBRARY)) $(addprefix tool/,$(filter-out main,$(TOOL)))
UNIT    := $(patsubst tests/unit/%.c,build/unit/%,$(wildcard tests/unit/test_*.c))
SOAK    := $(addprefix build/tests/soak/,hammer hog prodder races sessions storm writer)

.DELETE_ON_ERROR:
.PHONY: all user module install uninstall demo study need-check check lint unit cli tests guest
.PHONY: coverage kernels check-races check-bench soak clean help
.PHONY: lib tool page check-page install-lib uninstall-lib install-tool uninstall-tool
.PHONY: abi fuzz bench bench-programs

# The tool counts without the module as well: a machine without headers is no reason to fail.
all: user tool $(if $(wildcard $(KDIR)/Makefile),module) ## build all, the module if it can be
	$(if $(wildcard $(KDIR)/Makefile),,@echo "no headers for the kernel $(KVER) in $(KDIR):" \
		"the module was not built, and the tool counts without it: see ./faultline doctor")

user: build/work build/monitor ## build the user programs: build/work, build/monitor

build/work: $(WORK:%=build/classic/%.o)
build/monitor: $(MONITOR:%=build/classic/%.o)
build/work build/monitor:
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

build/classic/%.o: classic/%.c VERSION
	@mkdir -p $(@D)
	$(COMPILE) $(CFLAGS) -c -o $@ $<

tool: faultline ## build the tool: ./faultline

faultline: build/faultline
	ln -sf $< $@

build/faultline: $(TOOL:%=build/tool/%.o) build/classic/number.o build/libfaultline.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(TOOL_LIBS)

# Its libraries, asked for in one line instead of an error for each file.
build/tool/libraries:
	@mkdir -p $(@D)
	@printf '#include <%s>\n' zlib.h jansson.h ncurses.h | $(CC) -E - >/dev/null 2>&1 || { \
		echo "make: the tool needs libraries: sudo apt install" \
			"zlib1g-dev libjansson-dev libncurses-dev" >&2; exit 1; }
	@touch $@

build/tool/%.o: tool/%.c VERSION | build/tool/libraries
	@mkdir -p $(@D)
	$(COMPILE) $(CFLAGS) -Ilib -Iclassic -D_GNU_SOURCE -c -o $@ $<

page: build/report.html ## build the page of `faultline report --html`: needs npm, once a network

# The page's parts from the npm registry, exactly those that the lock names.
build/page/node_modules: page/package.json page/package-lock.json
	@command -v npm >/dev/null || { echo "make: the page needs npm: sudo apt install npm" >&2; \
		exit 1; }
	@mkdir -p $(@D)
	cp $^ $(@D)
	npm ci --prefix $(@D) --ignore-scripts --no-audit --no-fund --no-update-notifier \
		--loglevel=error
	@touch $@

build/page/report.js: $(wildcard page/*.js page/*.css) build/page/node_modules
	NODE_PATH=build/page/node_modules build/page/node_modules/.bin/esbuild page/report.js \
		--bundle --minify --format=iife --target=es2022 --charset=utf8 \
		--legal-comments=none --log-level=warning --outfile=$@

build/report.html: page/report.html page/inline.js build/page/report.js
	node page/inline.js $< build/page/report.js build/page/report.css \
		build/page/node_modules/uplot/LICENSE >$@

lib: build/libfaultline.so build/libfaultline.a ## build the library: build/libfaultline.so, .a

build/lib/%.o: lib/%.c VERSION
	@mkdir -p $(@D)
	$(COMPILE) $(CFLAGS) -Ilib -fPIC -fvisibility=hidden -c -o $@ $<

build/libfaultline.so.1: $(LIBRARY:%=build/lib/%.o) lib/libfaultline.map
	$(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,-soname,$(@F) -Wl,-z,defs \
		-Wl,--version-script=lib/libfaultline.map -o $@ $(filter %.o,$^) -lz

build/libfaultline.so: build/libfaultline.so.1
	ln -sf $(<F) $@

# One object, in which only what the header pushes to the outside can be seen: nothing of ours
# clashes with a name of the program's.
build/libfaultline.a: $(LIBRARY:%=build/lib/%.o)
	$(LD) -r -o build/lib/libfaultline.o $^
	objcopy --localize-hidden build/lib/libfaultline.o
	rm -f $@
	$(AR) rcs $@ build/lib/libfaultline.o

# Built in a copy, one for each kernel: what the kernel's make leaves stays out of the sources.
module: ## build the module for the kernel KVER (the running one): build/faultline.ko
	$(if $(wildcard $(KDIR)/Makefile),,$(error no headers for the kernel $(KVER) in $(KDIR): \
		`sudo apt install linux-headers-$(KVER)`, or without the module \
		`sudo make install-tool` installs the tool, or without root or on another kernel \
		`make demo` runs everything in a virtual machine))
	@mkdir -p $(MODULE_DIR)/kernel $(MODULE_DIR)/include/uapi
	@rm -rf $(MODULE_DIR)/kernel/probe
	@cp -pur kernel/*.[ch] kernel/Kbuild kernel/probe $(MODULE_DIR)/kernel
	@cp -pu include/uapi/*.h $(MODULE_DIR)/include/uapi
	$(MAKE) -C $(KDIR) M=$(abspath $(MODULE_DIR))/kernel $(MODULE_CC:%=CC=%) \
		FL_VERSION=$(VERSION) $(MODULE_MAKE) modules
ifeq ($(KVER),$(shell uname -r))
	@cp -p $(MODULE_DIR)/kernel/faultline.ko build/faultline.ko
endif

# What comes with the tool.
TOOL_PAGES  = $(wildcard man/*.1)
COMPLETIONS = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
SHARE       = $(DESTDIR)$(PREFIX)/share/faultline

# Nothing is installed before everything is built.
install: module user tool lib ## install all below DESTDIR: module for KVER, rest in PREFIX
	@$(MAKE) --no-print-directory install-tool install-lib
	install -D -m 644 $(MODULE_DIR)/kernel/faultline.ko $(UPDATES)/faultline.ko
	install -D -t $(DESTDIR)$(PREFIX)/bin build/work build/monitor
	$(if $(DESTDIR),,depmod -a $(KVER))

uninstall: uninstall-tool uninstall-lib ## remove what `make install` installed, same variables
	rm -f $(UPDATES)/faultline.ko $(addprefix $(DESTDIR)$(PREFIX)/bin/,work monitor)
	$(if $(DESTDIR),,depmod -a $(KVER))

install-tool: tool ## install the tool alone, which needs no headers, below DESTDIR, in PREFIX
	install -D -t $(DESTDIR)$(PREFIX)/bin build/faultline
	install -D -m 644 -t $(MANDIR)/man1 $(TOOL_PAGES)
	install -D -m 644 packaging/completion/faultline.bash $(COMPLETIONS)/faultline
	$(if $(wildcard build/report.html),install -D -m 644 -t $(SHARE) build/report.html)

uninstall-tool: ## remove what `make install-tool` with the same variables installed
	rm -f $(DESTDIR)$(PREFIX)/bin/faultline $(COMPLETIONS)/faultline \
		$(addprefix $(MANDIR)/man1/,$(notdir $(TOOL_PAGES))) $(SHARE)/report.html
	rmdir $(SHARE) 2>/dev/null || true

# Where the library goes, below DESTDIR. HEADERS is what its users include.
LIBDIR  = $(DESTDIR)$(PREFIX)/lib
MANDIR  = $(DESTDIR)$(PREFIX)/share/man
HEADERS := include/uapi/faultline.h lib/libfaultline.h lib/libfaultline_recording.h
PAGES   := man/libfaultline.3 man/faultline.4 man/faultline-recording.5

install-lib: lib ## install the library, its headers and manual pages below DESTDIR, in PREFIX
	install -D -m 644 -t $(LIBDIR) build/libfaultline.so.1 build/libfaultline.a
	ln -sf libfaultline.so.1 $(LIBDIR)/libfaultline.so
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/include $(HEADERS)
	install -d $(LIBDIR)/pkgconfig
	sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|' lib/faultline.pc.in \
		>$(LIBDIR)/pkgconfig/faultline.pc
	for page in $(PAGES); do \
		install -D -m 644 -t $(MANDIR)/man$${page##*.} $$page || exit; done
	$(if $(DESTDIR),,ldconfig)

uninstall-lib: ## remove what `make install-lib` with the same variables installed
	rm -f $(addprefix $(LIBDIR)/,libfaultline.so.1 libfaultline.so libfaultline.a) \
		$(LIBDIR)/pkgconfig/faultline.pc \
		$(addprefix $(DESTDIR)$(PREFIX)/include/,$(notdir $(HEADERS)))
	for page in $(PAGES); do rm -f $(MANDIR)/man$${page##*.}/$${page#man/}; done
	$(if $(DESTDIR),,ldconfig)

# The studies do without the page where the npm registry cannot be reached.
PAGE_IF_CAN = @$(MAKE) --no-print-directory page || echo \
	"make: the page of plots could not be made: the recordings are explained as text alone" >&2

demo: ## watch two processes fault, in a virtual machine: needs no root, no headers
	@packaging/need demo
	@$(MAKE) --no-print-directory user tool
	$(PAGE_IF_CAN)
	studies/run --live 1a

study: ## run all case studies in virtual machines, with plots and a verdict: results/
	@packaging/need demo
	@$(MAKE) --no-print-directory user tool
	$(PAGE_IF_CAN)
	studies/run all

need-check: ## install the Debian packages that `make check` needs
	packaging/need check

check: need-check ## run all tests
	@$(MAKE) --no-print-directory user tool page tests bench-programs
	tests/run

lint: ## check format, layering and habits, find mistakes; show that each check can fail
	tests/lint/run
	tests/lint/selftest

unit: $(UNIT) ## run the unit tests, with the address and undefined behaviour sanitizers
	@export CMOCKA_MESSAGE_OUTPUT=TAP; \
	failed=0; for test in $^; do $$test || failed=1; done; exit $$failed

# A test may ask for functions to be replaced by its own: WRAP_test_NAME = function...
WRAP_test_memory := mmap munmap madvise
WRAP_test_target := write
WRAP_test_checkup := ioctl open
WRAP_test_device := ioctl
WRAP_test_session := ioctl munmap poll
WRAP_test_source := fstatfs getrlimit ioctl syscall
WRAP_test_source_perf := recvfrom socket syscall
WRAP_test_source_proc := recvfrom socket syscall
WRAP_test_queue := realloc
WRAP_test_recording_read := pread
WRAP_test_recording_write := fdatasync ftruncate pwrite

build/unit/test_%: build/unit/tests/unit/test_%.o $(TESTED:%=build/unit/%.o)
	$(CC) $(SANITIZE) -o $@ $^ $(WRAP_test_$*:%=-Wl,--wrap=%) -lcmocka $(TOOL_LIBS)

# As they are built otherwise: the library without GNU's own functions, the tool with them.
build/unit/tool/%.o build/unit/tests/unit/%.o: UNIT_FLAGS := -D_GNU_SOURCE

build/unit/%.o: %.c
	@mkdir -p $(@D)
	$(COMPILE) $(SANITIZE) -Iclassic -Ilib -Itool -Ikernel $(UNIT_FLAGS) -c -o $@ $<

abi: ## check layouts, headers and symbols, and build programs against an installed library
	tests/tap.py tests/abi

cli: user tool ## run the programs with good and bad input
	tests/tap.py tests/cli

check-page: tool page ## look at the page of `faultline report --html` in a browser
	tests/tap.py tests/page

build/tests/%: tests/guest/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -Wall -Wextra -Werror -O2 -pthread -Iinclude/uapi -o $@ $<

# Programs that use the library as any program does.
build/tests/recorder: tests/guest/recorder.c build/libfaultline.a
	@mkdir -p $(@D)
	$(COMPILE) -O2 -Ilib -o $@ $< build/libfaultline.a -lz

# The manual's own programs, as they stand there: PAGE/NUMBER.
EXAMPLES := $(addprefix build/tests/manual/,libfaultline.3/1 libfaultline.3/2 faultline.4/1 \
	    faultline-recording.5/1)

$(EXAMPLES:%=%.c): build/tests/manual/%.c: $(PAGES)
	@mkdir -p $(@D)
	awk -v wanted=$(*F) '/^\.Ed/ { here = 0 } here == wanted { gsub(/\\e/, "\\"); print } \
		/^\.Bd -literal/ { here = ++count }' man/$(*D) >$@

$(EXAMPLES): %: %.c build/libfaultline.a
	$(COMPILE) -O2 -Ilib -o $@ $< build/libfaultline.a -lz

GUEST := $(addprefix build/tests/,faulter failing recorder uring) $(EXAMPLES) $(SOAK)

tests: $(GUEST) ## build the programs that run in the guest

guest: user tool tests ## run the tests of the module on every kernel of vm/kernels, in guests
	tests/guest/run

coverage: need-check ## measure which lines of the module the tests reach: build/coverage/html
	@$(MAKE) --no-print-directory user tool tests
	tests/guest/run debug failing

kernels: need-check ## run the tests on every kernel and write docs/kernels.md
	@$(MAKE) --no-print-directory user tool tests
	tests/guest/run --page docs/kernels.md

check-races: need-check ## run the tests of the module on a kernel that finds data races
	@$(MAKE) --no-print-directory user tool tests
	tests/guest/run races

check-bench: need-check ## plant mistakes in a module: each must turn its run red
	tests/tap.py tests/planted

# A run is so long; its seed gives the same inputs again; the kernel is one of vm/run's.
SECONDS ?= 600
SEED    ?=
KERNEL  ?=

# Static: children that live for a millisecond have no time to link.
$(SOAK): build/tests/soak/%: tests/soak/%.c $(addprefix tests/soak/,crew.c crew.h dice.c dice.h)
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -Wall -Wextra -Werror -O2 -static -pthread -Iinclude/uapi -o $@ \
		$(filter %.c,$^)

soak: need-check ## stress and abuse the module in a virtual machine: SECONDS=600 SEED= KERNEL=
	@$(MAKE) --no-print-directory user tests
	tests/soak/run --seconds $(SECONDS) $(SEED:%=--seed %) $(KERNEL:%=--kernel %)

# The library is built into them once more, for the sanitizers and to see which way inputs go.
FUZZERS := build/fuzz/fuzz_recording build/fuzz/fuzz_ring

$(FUZZERS): build/fuzz/%: tests/fuzz/%.c $(LIBRARY:%=lib/%.c) $(wildcard lib/*.h tests/fuzz/*.h)
	@mkdir -p $(@D)
	clang -std=gnu11 -Wall -Wextra -Werror -O1 -g -Iinclude/uapi -Ilib -DFL_VERSION='""' \
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -o $@ \
		$(filter %.c,$^) -lz

build/fuzz/seeds_maker: tests/fuzz/seeds.c tests/unit/fake_mapping.h build/libfaultline.a
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -Wall -Wextra -Werror -O2 -Iinclude/uapi -Ilib -o $@ $< \
		build/libfaultline.a -lz

fuzz: $(FUZZERS) build/fuzz/seeds_maker ## fuzz what reads recordings and rings: SECONDS=600 each
	tests/fuzz/run $(SECONDS)

# The bench: programs, and what they share.
BENCH       := deadlines records samples switches
BENCH_PARTS := counters crowd iterator meter ours proc report session taskstats

bench: need-check ## measure what it costs beside its peers, compare with bench/figures.tsv
	@$(MAKE) --no-print-directory bench-programs
	bench/run

bench-programs: $(BENCH:%=build/bench/%) build/bench/iterator.bpf.o ## build what the bench runs

$(BENCH:%=build/bench/%): build/bench/%: build/bench/%.o $(BENCH_PARTS:%=build/bench/%.o) \
		build/libfaultline.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -pthread -lbpf -lz

build/bench/%.o: bench/%.c VERSION
	@mkdir -p $(@D)
	$(COMPILE) $(CFLAGS) -Ilib -c -o $@ $<

build/bench/iterator.bpf.o: bench/iterator.bpf.c bench/iterator.h
	@mkdir -p $(@D)
	clang -target bpf -O2 -g -Wall -Wextra -Werror -idirafter \
		/usr/include/$(shell $(CC) -print-multiarch) -c -o $@ $<

clean: ## remove all that was built and all results
	rm -rf build results faultline

help: ## print this list
	@sed -n 's/^\([a-z-]*\):.* ## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 14

.SECONDARY:
-include $(wildcard $(addprefix build/,classic/*.d lib/*.d tool/*.d bench/*.d tests/*.d \
	tests/manual/*/*.d unit/*/*.d unit/*/*/*.d))
