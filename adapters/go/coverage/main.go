// The coverage worker: the reader of one Go release in the loop of a Rust fuzzer.
//
// It takes the place of the plain worker's main.go and keeps the rest. Cases and answers
// go through shared memory instead of frames, and with each answer go the edge counters of
// internal/trace and the operands of its comparisons, so that the fuzzer is guided by Go's reader
// as by its own. Built with -gcflags=internal/trace/...=-d=libfuzzer; hooks.go takes the
// place of internal/fuzz/trace.go.
package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"internal/fuzz"
	"os"
	"runtime/debug"
	"strconv"
	"syscall"
	"unsafe"
)

// The shared memory. fuzz/src/guide/layout.rs has the same numbers.
const (
	offLengths  = 0 // of counters, comparisons, strings, answer: four u64
	offCounters = 64
	offCompares = 32 << 10
	offStrings  = 48 << 10
	offInput    = 64 << 10
	maxInput    = 4 << 20
	offAnswer   = offInput + maxInput
	sharedSize  = offAnswer + 8<<20
)

// maxStack bounds what a runaway recursion in the reader may eat before the process dies, in bytes.
const maxStack = 64 << 20

//go:linkname countersStart internal/fuzz._counters
var countersStart byte

//go:linkname countersEnd internal/fuzz._ecounters
var countersEnd byte

// counters is where the compiler has put the edge counters of the instrumented packages.
func counters() []byte {
	start := unsafe.Pointer(&countersStart)
	return unsafe.Slice((*byte)(start), uintptr(unsafe.Pointer(&countersEnd))-uintptr(start))
}

func main() {
	debug.SetMaxStack(maxStack)
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if len(os.Args) != 2 {
		die("usage: coverage-worker DESCRIPTOR (of the shared memory; a fuzzer starts this, not people)")
	}
	fd, err := strconv.Atoi(os.Args[1])
	if err != nil {
		die("the descriptor is not a number: %v", err)
	}
	shared, err := syscall.Mmap(fd, 0, sharedSize, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		die("cannot map the shared memory: %v", err)
	}
	serveShared(shared)
}

func die(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "worker: "+format+"\n", args...)
	os.Exit(2)
}

// serveShared answers until the fuzzer hangs up. A command is five bytes on standard input, the
// length of the case and the mode (0 or 1 of the protocol); a byte on standard output says that the answer is there. The first
// such byte says that the hello is.
func serveShared(shared []byte) {
	s := share{shared}
	s.answer([]byte(hello()))
	edges := counters()
	a := &answer{buffered: bufio.NewReader(nil)}
	var head []byte
	var command [5]byte
	for say() && listen(&command) {
		n, mode := binary.LittleEndian.Uint32(command[:4]), command[4]
		clear(edges)
		fuzz.Forget()
		a.read(shared[offInput:offInput+int(n)], mode)
		s.counters(edges)
		s.compares()
		s.strings()
		head = a.head(head[:0])
		if mode == modeEvents {
			head = append(head, a.form.bytes...)
		}
		s.answer(head)
	}
}

// share writes what belongs to an answer.
type share struct{ bytes []byte }

func (s share) length(which, n int) {
	binary.LittleEndian.PutUint64(s.bytes[offLengths+8*which:], uint64(n))
}

func (s share) counters(edges []byte) {
	s.length(0, copy(s.bytes[offCounters:offCompares], edges))
}

func (s share) compares() {
	n, at := 0, offCompares
	for _, slot := range fuzz.Seen() {
		if at+24 > offStrings {
			break
		}
		c := &fuzz.Compares[slot]
		binary.LittleEndian.PutUint64(s.bytes[at:], c.A)
		binary.LittleEndian.PutUint64(s.bytes[at+8:], c.B)
		binary.LittleEndian.PutUint64(s.bytes[at+16:], c.Size)
		n, at = n+1, at+24
	}
	s.length(1, n)
}

func (s share) strings() {
	n, at := 0, offStrings
	for i := range fuzz.Strings {
		p := &fuzz.Strings[i]
		if p.Len != 0 {
			binary.LittleEndian.PutUint64(s.bytes[at:], p.Len)
			copy(s.bytes[at+8:], p.A[:])
			copy(s.bytes[at+40:], p.B[:])
			n, at = n+1, at+72
		}
	}
	s.length(2, n)
}

func (s share) answer(b []byte) {
	s.length(3, copy(s.bytes[offAnswer:], b))
}

// say and listen are bare system calls: os.File costs a tenth of the speed.
func say() bool {
	b := [1]byte{}
	n, _, err := syscall.RawSyscall(syscall.SYS_WRITE, 1, uintptr(unsafe.Pointer(&b[0])), 1)
	return n == 1 && err == 0
}

func listen(command *[5]byte) bool {
	for got := uintptr(0); got < 5; {
		n, _, err := syscall.RawSyscall(syscall.SYS_READ, 0, uintptr(unsafe.Pointer(&command[got])), 5-got)
		if n == 0 || err != 0 {
			return false
		}
		got += n
	}
	return true
}
