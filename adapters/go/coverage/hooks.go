// Package fuzz: these hooks stand in place of the SDK's internal/fuzz/trace.go, whose own are
// empty. The compiler calls them before the comparisons of instrumented packages. They keep, for
// each place in the code (by a hash), the last operands that differed.
//
// They run inside the reader: no allocation, no growth of the stack.
package fuzz

import _ "unsafe" // for go:linkname

//go:linkname libfuzzerTraceCmp1 runtime.libfuzzerTraceCmp1
//go:linkname libfuzzerTraceCmp2 runtime.libfuzzerTraceCmp2
//go:linkname libfuzzerTraceCmp4 runtime.libfuzzerTraceCmp4
//go:linkname libfuzzerTraceCmp8 runtime.libfuzzerTraceCmp8

//go:linkname libfuzzerTraceConstCmp1 runtime.libfuzzerTraceConstCmp1
//go:linkname libfuzzerTraceConstCmp2 runtime.libfuzzerTraceConstCmp2
//go:linkname libfuzzerTraceConstCmp4 runtime.libfuzzerTraceConstCmp4
//go:linkname libfuzzerTraceConstCmp8 runtime.libfuzzerTraceConstCmp8

//go:linkname libfuzzerHookStrCmp runtime.libfuzzerHookStrCmp
//go:linkname libfuzzerHookEqualFold runtime.libfuzzerHookEqualFold

// Compare is a comparison of two numbers that were not equal; Size is theirs in bytes, 0 for no comparison.
type Compare struct{ A, B, Size uint64 }

// StringPair is a comparison of two strings that were not equal: their first Len bytes.
type StringPair struct {
	Len  uint64
	A, B [32]byte
}

// Compares and Strings are what was noted since Forget. Places that share a slot hide one another, so
// there are many more slots of numbers than a reading has comparisons.
var (
	Compares [4096]Compare
	Strings  [32]StringPair
)

// seen are the slots of Compares in use, the first count of it.
var (
	seen  [4096]uint16
	count uint
)

// Seen is the slots of Compares that are in use.
func Seen() []uint16 { return seen[:count] }

// Forget empties both.
func Forget() {
	for _, slot := range Seen() {
		Compares[slot].Size = 0
	}
	count = 0
	for i := range Strings {
		Strings[i].Len = 0
	}
}

//go:nosplit
func note(a, b, size uint64, place uint) {
	if a == b {
		return
	}
	slot := place & 4095
	if Compares[slot].Size == 0 {
		seen[count&4095] = uint16(slot)
		count++
	}
	Compares[slot] = Compare{a, b, size}
}

//go:nosplit
func libfuzzerTraceCmp8(arg0, arg1 uint64, fakePC uint) { note(arg0, arg1, 8, fakePC) }

//go:nosplit
func libfuzzerTraceConstCmp8(arg0, arg1 uint64, fakePC uint) { note(arg0, arg1, 8, fakePC) }

//go:nosplit
func libfuzzerTraceCmp4(arg0, arg1 uint32, fakePC uint) {
	note(uint64(arg0), uint64(arg1), 4, fakePC)
}

//go:nosplit
func libfuzzerTraceConstCmp4(arg0, arg1 uint32, fakePC uint) {
	note(uint64(arg0), uint64(arg1), 4, fakePC)
}

// libFuzzer has no use for one and two bytes, but the mutator has: a byte of a string is one.

//go:nosplit
func libfuzzerTraceCmp1(arg0, arg1 uint8, fakePC uint) { note(uint64(arg0), uint64(arg1), 1, fakePC) }

//go:nosplit
func libfuzzerTraceConstCmp1(arg0, arg1 uint8, fakePC uint) {
	note(uint64(arg0), uint64(arg1), 1, fakePC)
}

//go:nosplit
func libfuzzerTraceCmp2(arg0, arg1 uint16, fakePC uint) { note(uint64(arg0), uint64(arg1), 2, fakePC) }

//go:nosplit
func libfuzzerTraceConstCmp2(arg0, arg1 uint16, fakePC uint) {
	note(uint64(arg0), uint64(arg1), 2, fakePC)
}

func libfuzzerHookStrCmp(arg0, arg1 string, fakePC uint) {
	n := len(arg0)
	if len(arg1) < n {
		n = len(arg1)
	}
	if n > 32 {
		n = 32
	}
	if n < 2 || arg0 == arg1 {
		return
	}
	p := &Strings[fakePC&31]
	copy(p.A[:], arg0[:n])
	copy(p.B[:], arg1[:n])
	p.Len = uint64(n)
}

func libfuzzerHookEqualFold(arg0, arg1 string, fakePC uint) {}
