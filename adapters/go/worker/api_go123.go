//go:build go1.23

package main

import (
	"internal/trace"
	"internal/trace/raw"
	"io"
)

type (
	Event      = trace.Event
	Reader     = trace.Reader
	ResourceID = trace.ResourceID
	Stack      = trace.Stack
	StackFrame = trace.StackFrame
)

const (
	ResourceGoroutine = trace.ResourceGoroutine
	ResourceProc      = trace.ResourceProc
	ResourceThread    = trace.ResourceThread
)

var NoStack = trace.NoStack

func NewReader(r io.Reader) (*Reader, error) { return trace.NewReader(r) }

func newRawReader(r io.Reader) (*raw.Reader, error)         { return raw.NewReader(r) }
func newRawTextReader(r io.Reader) (*raw.TextReader, error) { return raw.NewTextReader(r) }

var (
	newRawWriter     = raw.NewWriter
	newRawTextWriter = raw.NewTextWriter
)
