package main

import "encoding/binary"

// keepStacks is the largest table that is emptied for the next case rather than dropped.
const keepStacks = 1 << 10

// stackTable numbers the stacks of one answer by what they contain. Comparing contents means
// walking frames, so a cache by Go's own handle stands in front: equal handles have equal frames.
type stackTable struct {
	byHandle map[Stack]uint64
	byFrames map[string]uint64
	frames   []byte // the stack in work: its frames, encoded
	count    uint64
	visit    func(StackFrame) bool

	// What the record in work has added, for forget.
	newHandles []Stack
	newFrames  []string
}

func (t *stackTable) reset() {
	if t.visit == nil {
		t.visit = func(f StackFrame) bool {
			b := binary.AppendUvarint(t.frames, f.PC)
			b = appendString(b, f.Func)
			b = appendString(b, f.File)
			t.frames = binary.AppendUvarint(b, f.Line)
			t.count++
			return true
		}
	}
	t.byHandle = emptied(t.byHandle)
	t.byFrames = emptied(t.byFrames)
	t.begin()
}

func emptied[K comparable](m map[K]uint64) map[K]uint64 {
	if m == nil || len(m) > keepStacks {
		return make(map[K]uint64)
	}
	clear(m)
	return m
}

// newGeneration drops the handles: those of an old generation do not come up again, but would
// keep its tables alive.
func (t *stackTable) newGeneration() {
	t.byHandle = emptied(t.byHandle)
	t.newHandles = t.newHandles[:0]
}

func (t *stackTable) begin() {
	t.newHandles = t.newHandles[:0]
	t.newFrames = t.newFrames[:0]
}

// forget takes back what the record in work has added.
func (t *stackTable) forget() {
	for _, s := range t.newHandles {
		delete(t.byHandle, s)
	}
	for _, k := range t.newFrames {
		delete(t.byFrames, k)
	}
	t.begin()
}

// append writes a stackref.
func (t *stackTable) append(b []byte, s Stack) []byte {
	if s == NoStack {
		return append(b, 0)
	}
	if ref, known := t.byHandle[s]; known {
		return binary.AppendUvarint(b, ref)
	}
	t.frames, t.count = t.frames[:0], 0
	walk(s, t.visit)
	ref, known := t.byFrames[string(t.frames)]
	if known {
		b = binary.AppendUvarint(b, ref)
	} else {
		b = append(b, 1)
		b = binary.AppendUvarint(b, t.count)
		b = append(b, t.frames...)
		ref = uint64(len(t.byFrames)) + 2
		key := string(t.frames)
		t.byFrames[key] = ref
		t.newFrames = append(t.newFrames, key)
	}
	t.byHandle[s] = ref
	t.newHandles = append(t.newHandles, s)
	return b
}
