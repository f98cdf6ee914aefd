package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Verdicts of docs/protocol.md.
const (
	accepted     = 0
	refusedOpen  = 1
	refusedRead  = 2
	readerPanics = 3
)

// Modes of docs/protocol.md: what the answer carries beyond verdict and digest.
const (
	modeDigest = 0
	modeEvents = 1
	modeText   = 2
)

// maxMessage bounds the reader's own words: a stuck order lists the whole state, in bytes.
const maxMessage = 16 << 10

// stage says whose code runs, to tell a panic of the reader from one of an accessor.
type stage int

const (
	inReader stage = iota
	inAccessors
	inString
)

// answer reads one trace and gathers what is told about it. It is reused from case to case.
type answer struct {
	form    form
	text    []byte
	verdict byte
	message string
	events  uint64
	panics  uint64

	withText bool
	stage    stage
	event    Event
	input    bytes.Reader
	buffered *bufio.Reader
}

// serveReader answers requests until the client hangs up.
func serveReader(p *pipe) error {
	if err := p.send([]byte(hello())); err != nil {
		return err
	}
	a := &answer{buffered: bufio.NewReader(nil)}
	var head []byte
	for {
		request, err := p.next()
		if err == io.EOF {
			return p.out.Flush()
		}
		if err != nil {
			return err
		}
		if len(request) == 0 {
			return errors.New("empty request: the mode byte is missing")
		}
		mode := request[0]
		if mode > modeText {
			return fmt.Errorf("unknown mode %d", mode)
		}
		a.read(request[1:], mode)
		var rest []byte
		switch mode {
		case modeEvents:
			rest = a.form.bytes
		case modeText:
			rest = a.text
		}
		head = a.head(head[:0])
		if err := p.send(head, rest); err == errFrameTooLong {
			a.message = "the events do not fit into a frame"
			head = a.head(head[:0])
			if err := p.send(head); err != nil {
				return err
			}
		} else if err != nil {
			return err
		}
	}
}

// head appends the answer up to the place; the class stays empty, as Go's reader has none.
func (a *answer) head(b []byte) []byte {
	b = append(b, a.verdict)
	b = binary.AppendUvarint(b, a.events)
	crc, size := a.form.digest()
	b = binary.LittleEndian.AppendUint32(b, crc)
	b = binary.AppendUvarint(b, size)
	b = binary.AppendUvarint(b, a.panics)
	b = appendString(b, "")
	b = appendString(b, a.message)
	return binary.AppendUvarint(b, 0)
}

// read runs the reader over one trace.
func (a *answer) read(trace []byte, mode byte) {
	a.form.reset(mode == modeEvents)
	a.withText = mode == modeText
	a.text = a.text[:0]
	a.verdict, a.message, a.events, a.panics = accepted, "", 0, 0

	// NewReader takes a bufio.Reader as it is, so the buffer serves every case.
	a.input.Reset(trace)
	a.buffered.Reset(&a.input)
	if r := a.open(); r != nil {
		for !a.drain(r) {
		}
	}
	a.event = Event{}
}

// open makes the reader, or settles the verdict and returns nil.
func (a *answer) open() (r *Reader) {
	defer func() {
		if p := recover(); p != nil {
			r = nil
			a.settle(readerPanics, fmt.Sprint(p))
		}
	}()
	r, err := NewReader(a.buffered)
	if err != nil {
		a.settle(refusedOpen, err.Error())
		return nil
	}
	return r
}

// drain reads events until the end (true) or until an accessor has panicked (false: go on).
func (a *answer) drain(r *Reader) (done bool) {
	defer func() {
		if p := recover(); p != nil {
			done = a.panicked(p)
		}
	}()
	for {
		a.stage = inReader
		ev, err := r.ReadEvent()
		if err == io.EOF {
			return true
		}
		if err != nil {
			a.settle(refusedRead, err.Error())
			return true
		}
		a.events++
		a.stage = inAccessors
		a.event = ev
		a.form.add(&a.event)
		if a.withText {
			a.stage = inString
			a.text = append(a.text, ev.String()...)
			a.text = append(a.text, '\n')
		}
	}
}

// panicked notes a recovered panic and says whether it ends the case.
func (a *answer) panicked(p any) (done bool) {
	switch a.stage {
	case inReader:
		a.settle(readerPanics, fmt.Sprint(p))
		return true
	case inAccessors:
		a.panics++
		a.form.addPanic(&a.event, fmt.Sprint(p))
	}
	if a.withText {
		a.text = fmt.Appendf(a.text, "panic: %v\n", p)
	}
	return false
}

func (a *answer) settle(verdict byte, message string) {
	if len(message) > maxMessage {
		message = message[:maxMessage]
	}
	a.verdict, a.message = verdict, message
}
