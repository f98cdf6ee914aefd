package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
)

const (
	pipeBuffer = 64 << 10
	// keepInput is the largest request buffer that is kept for the next case, in bytes.
	keepInput = 4 << 20
)

var errFrameTooLong = errors.New("answer does not fit into a frame")

// pipe carries frames both ways. What was written goes out before a read may block, and not
// earlier, so that a client which sends several requests at once pays for one wake-up.
type pipe struct {
	in  *bufio.Reader
	out *bufio.Writer
	buf []byte
}

func newPipe() *pipe {
	out := bufio.NewWriterSize(os.Stdout, pipeBuffer)
	return &pipe{in: bufio.NewReaderSize(flushFirst{os.Stdin, out}, pipeBuffer), out: out}
}

// flushFirst empties the answers' buffer whenever the requests' buffer has run dry.
type flushFirst struct {
	from *os.File
	out  *bufio.Writer
}

func (f flushFirst) Read(p []byte) (int, error) {
	if f.out.Buffered() > 0 {
		if err := f.out.Flush(); err != nil {
			return 0, err
		}
	}
	return f.from.Read(p)
}

// next returns the payload of the next frame, valid until the following call; io.EOF when the
// client has hung up between frames.
func (p *pipe) next() ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(p.in, head[:]); err != nil {
		return nil, err
	}
	n := int(binary.LittleEndian.Uint32(head[:]))
	if cap(p.buf) < n || cap(p.buf) > keepInput {
		p.buf = make([]byte, n)
	}
	p.buf = p.buf[:n]
	if _, err := io.ReadFull(p.in, p.buf); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	return p.buf, nil
}

// send writes one frame that consists of the given parts.
func (p *pipe) send(parts ...[]byte) error {
	n := 0
	for _, part := range parts {
		n += len(part)
	}
	if n > math.MaxUint32 {
		return errFrameTooLong
	}
	var head [4]byte
	binary.LittleEndian.PutUint32(head[:], uint32(n))
	if _, err := p.out.Write(head[:]); err != nil {
		return err
	}
	for _, part := range parts {
		if _, err := p.out.Write(part); err != nil {
			return err
		}
	}
	return nil
}
