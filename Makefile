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

COMPILE  := $(CC) -std=gnu11 -Wall -Wextra -Werror -Iinclude/uapi -MMD -MP \
	    -DFL_VERSION='"$(VERSION)"'
SANITIZE := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all

WORK    := work memory number pattern target
MONITOR := monitor samples
# What the unit tests are about: all but the main programs.
TESTED  := $(addprefix classic/,memory number pattern samples target) kernel/classic_command
UNIT    := $(patsubst tests/unit/%.c,build/unit/%,$(wildcard tests/unit/test_*.c))
SOAK    := $(addprefix build/tests/soak/,hammer hog prodder races storm writer)

.DELETE_ON_ERROR:
.PHONY: all user module install uninstall demo study need-check check lint unit cli tests guest
.PHONY: coverage kernels check-races check-bench soak clean help

all: user module ## build the user programs, and the module for the running kernel (the default)

user: build/work build/monitor ## build the user programs: build/work, build/monitor

build/work: $(WORK:%=build/classic/%.o)
build/monitor: $(MONITOR:%=build/classic/%.o)
build/work build/monitor:
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

build/classic/%.o: classic/%.c VERSION
	@mkdir -p $(@D)
	$(COMPILE) $(CFLAGS) -c -o $@ $<

# Built in a copy, one for each kernel: what the kernel's make leaves stays out of the sources.
module: ## build the module for the kernel KVER (the running one): build/faultline.ko
	$(if $(wildcard $(KDIR)/Makefile),,$(error no headers for the kernel $(KVER) in $(KDIR): \
		`sudo apt install linux-headers-$(KVER)`, or without root or on another kernel \
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

install: user module ## install both below DESTDIR: the module for KVER, the programs in PREFIX/bin
	install -D -m 644 $(MODULE_DIR)/kernel/faultline.ko $(UPDATES)/faultline.ko
	install -D -t $(DESTDIR)$(PREFIX)/bin build/work build/monitor
	$(if $(DESTDIR),,depmod -a $(KVER))

uninstall: ## remove what `make install` with the same variables installed
	rm -f $(UPDATES)/faultline.ko $(addprefix $(DESTDIR)$(PREFIX)/bin/,work monitor)
	$(if $(DESTDIR),,depmod -a $(KVER))

demo: ## watch two processes fault, in a virtual machine: needs no root, no headers
	@packaging/need demo
	@$(MAKE) --no-print-directory user
	studies/run --live 1a

study: ## run all case studies in virtual machines, with plots and a verdict: results/
	@packaging/need demo
	@$(MAKE) --no-print-directory user
	studies/run all

need-check: ## install the Debian packages that `make check` needs
	packaging/need check

check: need-check ## run all tests
	@$(MAKE) --no-print-directory user tests
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

build/unit/test_%: build/unit/tests/unit/test_%.o $(TESTED:%=build/unit/%.o)
	$(CC) $(SANITIZE) -o $@ $^ $(WRAP_test_$*:%=-Wl,--wrap=%) -lcmocka -lm

build/unit/%.o: %.c
	@mkdir -p $(@D)
	$(COMPILE) $(SANITIZE) -Iclassic -Ikernel -c -o $@ $<

cli: user ## run the programs with good and bad input
	tests/tap.py tests/cli

build/tests/%: tests/guest/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -Wall -Wextra -Werror -O2 -pthread -o $@ $<

tests: build/tests/faulter build/tests/failing $(SOAK) ## build the programs that run in the guest

guest: user tests ## run the tests of the module on every kernel of vm/kernels, in virtual machines
	tests/guest/run

coverage: need-check ## measure which lines of the module the tests reach: build/coverage/html
	@$(MAKE) --no-print-directory user tests
	tests/guest/run debug failing

kernels: need-check ## run the tests on every kernel and write docs/kernels.md
	@$(MAKE) --no-print-directory user tests
	tests/guest/run --page docs/kernels.md

check-races: need-check ## run the tests of the module on a kernel that finds data races
	@$(MAKE) --no-print-directory user tests
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

clean: ## remove all that was built and all results
	rm -rf build results

help: ## print this list
	@sed -n 's/^\([a-z-]*\):.* ## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 14

.SECONDARY:
-include $(wildcard build/classic/*.d build/unit/*/*.d build/unit/*/*/*.d)
