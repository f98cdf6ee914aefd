package main

import (
	"encoding/binary"
	"hash/crc32"
	"sort"
)

const (
	kindSync            = 1
	kindMetric          = 2
	kindLabel           = 3
	kindRangeBegin      = 5
	kindRangeEnd        = 7
	kindTaskBegin       = 8
	kindTaskEnd         = 9
	kindRegionBegin     = 10
	kindRegionEnd       = 11
	kindLog             = 12
	kindStateTransition = 13
	kindExperimental    = 14
	kindPanic           = 255
)

// digestChunk is how many bytes are gathered before they go into the checksum.
const digestChunk = 32 << 10

// keepForm is the largest buffer that is kept for the next case, in bytes.
const keepForm = 4 << 20

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// procStates maps Go's states of a P to the protocol's.
var procStates = [...]byte{0, 1, 3, 6}

// form writes events in the canonical form of docs/protocol.md. Without keep only the
// checksum and the length survive, so that a huge trace costs no memory here.
type form struct {
	bytes  []byte
	keep   bool
	crc    uint32
	size   uint64 // bytes that are in crc
	record int    // where the record in work begins
	stacks stackTable
}

func (f *form) reset(keep bool) {
	if cap(f.bytes) > keepForm {
		f.bytes = nil
	}
	f.bytes = f.bytes[:0]
	f.keep, f.crc, f.size = keep, 0, 0
	f.stacks.reset()
}

// digest is the checksum and the length of all that was added.
func (f *form) digest() (crc uint32, size uint64) {
	if f.keep {
		return crc32.Checksum(f.bytes, castagnoli), uint64(len(f.bytes))
	}
	return crc32.Update(f.crc, castagnoli, f.bytes), f.size + uint64(len(f.bytes))
}

// begin opens a record, after what was finished has gone into the checksum.
func (f *form) begin() {
	if !f.keep && len(f.bytes) >= digestChunk {
		f.crc, f.size = f.digest()
		f.bytes = f.bytes[:0]
	}
	f.record = len(f.bytes)
	f.stacks.begin()
}

// add writes one event. It may panic where an accessor does; addPanic then takes its place.
func (f *form) add(e *Event) {
	f.begin()
	kind := byte(e.Kind())
	f.context(kind, e)
	if kind == kindSync {
		f.stacks.newGeneration()
	}
	f.stack(e.Stack())
	switch kind {
	case kindSync:
		f.sync(e)
	case kindMetric:
		m := e.Metric()
		f.string(m.Name)
		f.uint(m.Value.Uint64())
	case kindLabel:
		l := e.Label()
		f.string(l.Label)
		f.resource(l.Resource)
	case kindRangeBegin, kindRangeBegin + 1, kindRangeEnd:
		r := e.Range()
		f.string(r.Name)
		f.resource(r.Scope)
		if kind != kindRangeEnd {
			f.uint(0)
			break
		}
		attributes := e.RangeAttributes()
		f.uint(uint64(len(attributes)))
		for _, a := range attributes {
			f.string(a.Name)
			f.uint(a.Value.Uint64())
		}
	case kindTaskBegin, kindTaskEnd:
		t := e.Task()
		f.uint(uint64(t.ID))
		f.uint(uint64(t.Parent))
		f.string(t.Type)
	case kindRegionBegin, kindRegionEnd:
		r := e.Region()
		f.uint(uint64(r.Task))
		f.string(r.Type)
	case kindLog:
		l := e.Log()
		f.uint(uint64(l.Task))
		f.string(l.Category)
		f.string(l.Message)
	case kindStateTransition:
		f.transition(e)
	case kindExperimental:
		f.experimental(e)
	}
}

// addPanic replaces the record that add left unfinished. Its stack is absent: it may be
// what the panic was about.
func (f *form) addPanic(e *Event, message string) {
	f.bytes = f.bytes[:f.record]
	f.stacks.forget()
	f.context(kindPanic, e)
	f.uint(0)
	f.string(e.Kind().String())
	f.string(message)
}

func (f *form) context(kind byte, e *Event) {
	f.bytes = append(f.bytes, kind)
	f.int(int64(e.Time()))
	f.int(int64(e.Thread()))
	f.int(int64(e.Proc()))
	f.int(int64(e.Goroutine()))
}

func (f *form) transition(e *Event) {
	t := e.StateTransition()
	f.resource(t.Resource)
	if t.Resource.Kind == ResourceGoroutine {
		from, to := t.Goroutine()
		f.bytes = append(f.bytes, byte(from), byte(to))
	} else {
		from, to := t.Proc()
		f.bytes = append(f.bytes, procStates[from], procStates[to])
	}
	f.string(t.Reason)
	f.stack(t.Stack)
}

// experiment is what a Sync event holds of one experiment.
type experiment struct {
	name    string
	batches []expBatch
}

type expBatch struct {
	thread int64
	data   []byte
}

func (f *form) experiments(all []experiment) {
	sort.Slice(all, func(i, j int) bool { return all[i].name < all[j].name })
	f.uint(uint64(len(all)))
	for _, x := range all {
		f.string(x.name)
		f.uint(uint64(len(x.batches)))
		for _, b := range x.batches {
			f.int(b.thread)
			f.uint(uint64(len(b.data)))
			f.bytes = append(f.bytes, b.data...)
		}
	}
}

func (f *form) resource(r ResourceID) {
	f.bytes = append(f.bytes, byte(r.Kind))
	switch r.Kind {
	case ResourceGoroutine:
		f.int(int64(r.Goroutine()))
	case ResourceProc:
		f.int(int64(r.Proc()))
	case ResourceThread:
		f.int(int64(r.Thread()))
	}
}

func (f *form) stack(s Stack)   { f.bytes = f.stacks.append(f.bytes, s) }
func (f *form) uint(v uint64)   { f.bytes = binary.AppendUvarint(f.bytes, v) }
func (f *form) int(v int64)     { f.bytes = binary.AppendVarint(f.bytes, v) }
func (f *form) string(s string) { f.bytes = appendString(f.bytes, s) }

func appendString(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}
