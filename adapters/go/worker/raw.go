package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Directions of -raw: the first byte of a request. The answer is a byte (0 converted, 1 refused)
// and then the result or the error's text. What was converted before an error is not sent.
const (
	binaryToText = 0
	textToBinary = 1
)

// serveRaw converts traces with internal/trace/raw until the client hangs up.
func serveRaw(p *pipe) error {
	for {
		request, err := p.next()
		if err == io.EOF {
			return p.out.Flush()
		}
		if err != nil {
			return err
		}
		if len(request) == 0 {
			return errors.New("empty request: the direction is missing")
		}
		var out bytes.Buffer
		if err := convert(request[0], request[1:], &out); err != nil {
			err = p.send([]byte{1}, []byte(err.Error()))
			if err != nil {
				return err
			}
			continue
		}
		if err := p.send([]byte{0}, out.Bytes()); err != nil {
			return err
		}
	}
}

func convert(direction byte, in []byte, out *bytes.Buffer) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	switch direction {
	case binaryToText:
		r, err := newRawReader(bytes.NewReader(in))
		if err != nil {
			return err
		}
		w, err := newRawTextWriter(out, r.Version())
		if err != nil {
			return err
		}
		for {
			ev, err := r.ReadEvent()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			if err := w.WriteEvent(ev); err != nil {
				return err
			}
		}
	case textToBinary:
		r, err := newRawTextReader(bytes.NewReader(in))
		if err != nil {
			return err
		}
		w, err := newRawWriter(out, r.Version())
		if err != nil {
			return err
		}
		for {
			ev, err := r.ReadEvent()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			if err := w.WriteEvent(ev); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("unknown direction %d", direction)
}
