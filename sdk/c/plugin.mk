# What the Makefile of every plugin has in common: it sets SLUICE_SDK and includes this file.
#
# `make test` runs the cases on this machine, without a gateway and without WebAssembly, under the sanitizers of the C
# compiler. The component itself is built by `sluice plugin build`.

# guardrail-check in plugin.yaml is -DSLUICE_GUARDRAIL_CHECK.
KINDS := $(addprefix -DSLUICE_,$(shell sed -n 's/^kinds: *\[\(.*\)\].*/\1/p' plugin.yaml | tr -d ' ' | tr ',a-z-' ' A-Z_'))
CFLAGS ?= -g -O1
CHECKS ?= -fsanitize=address,undefined -fno-sanitize-recover=undefined

test: build/test
	./build/test --streams cases/*.json

build/test: plugin.yaml src/* $(SLUICE_SDK)/include/*.h $(SLUICE_SDK)/include/sluice/* $(SLUICE_SDK)/src/* $(SLUICE_SDK)/test/*
	mkdir -p build
	$(CC) -std=gnu11 -Wall -Wextra $(CFLAGS) $(CHECKS) $(KINDS) -DSLUICE_TEST -I$(SLUICE_SDK)/include -I$(SLUICE_SDK)/src \
	    src/*.c $(SLUICE_SDK)/src/sluice.c $(SLUICE_SDK)/test/test.c -lm -o $@

clean:
	rm -rf build

.PHONY: test clean
