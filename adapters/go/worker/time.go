package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"
)

// timeReader reads a file from memory several times with Go's bare reader, no accessor called, and
// prints events and nanoseconds of each pass: the yardstick of our benches.
func timeReader(passes, file string) error {
	n, err := strconv.Atoi(passes)
	if err != nil {
		return err
	}
	trace, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	for range n {
		start := time.Now()
		events := 0
		r, err := NewReader(bufio.NewReader(bytes.NewReader(trace)))
		if err != nil {
			return err
		}
		for {
			_, err := r.ReadEvent()
			if err == io.EOF {
				break
			}
			if err != nil {
				return err
			}
			events++
		}
		fmt.Println(events, time.Since(start).Nanoseconds())
	}
	return nil
}
