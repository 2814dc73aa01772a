# SPDX-License-Identifier: MIT
# `make help` lists the targets. What is built goes to build/, what studies find to results/.

VERSION := $(shell cat VERSION)
CFLAGS  ?= -O2 -g
PREFIX  ?= /usr/local

# The kernel the module is for. MODULE_CC is the compiler, if not the kernel's own choice.
KVER       ?= $(shell uname -r)
KDIR       ?= /lib/modules/$(KVER)/build
MODULE_DIR ?= build/module/$(KVER)
MODULE_CC  ?=
UPDATES     = $(DESTDIR)/lib/modules/$(KVER)/updates

COMPILE  := $(CC) -std=gnu11 -Wall -Wextra -Werror -Iinclude/uapi -MMD -MP \
	    -DFL_VERSION='"$(VERSION)"'
SANITIZE := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all

WORK    := work memory number pattern target
MONITOR := monitor samples
# What the unit tests are about: all but the main programs.
TESTED  := $(addprefix classic/,memory number pattern samples target) kernel/classic_command
UNIT    := $(patsubst tests/unit/%.c,build/unit/%,$(wildcard tests/unit/test_*.c))

.DELETE_ON_ERROR:
.PHONY: all user module install uninstall demo study need-check check lint unit cli guest clean help

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
	@cp -pu kernel/*.[ch] kernel/Kbuild $(MODULE_DIR)/kernel
	@cp -pu include/uapi/*.h $(MODULE_DIR)/include/uapi
	$(MAKE) -C $(KDIR) M=$(abspath $(MODULE_DIR))/kernel $(MODULE_CC:%=CC=%) modules
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
	@$(MAKE) --no-print-directory user build/tests/faulter
	tests/run

lint: ## check format, layering and habits of the sources, and that these checks can fail
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

build/tests/faulter: tests/guest/faulter.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -Wall -Wextra -Werror -O2 -pthread -o $@ $<

guest: user build/tests/faulter ## run the tests of the module, in a virtual machine
	tests/guest/run

clean: ## remove all that was built and all results
	rm -rf build results

help: ## print this list
	@sed -n 's/^\([a-z-]*\):.* ## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 14

.SECONDARY:
-include $(wildcard build/classic/*.d build/unit/*/*.d build/unit/*/*/*.d)
