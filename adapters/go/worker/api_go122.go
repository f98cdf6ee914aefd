//go:build !go1.23

package main

// Go 1.22 keeps the v2 reader apart from the older one.

import (
	trace "internal/trace/v2"
	"internal/trace/v2/raw"
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

const (
	readsVersions = "[22]"
	reportsWhat   = "times stacks transition-stacks reasons"
)

func newRawReader(r io.Reader) (*raw.Reader, error)         { return raw.NewReader(r) }
func newRawTextReader(r io.Reader) (*raw.TextReader, error) { return raw.NewTextReader(r) }

var (
	newRawWriter     = raw.NewWriter
	newRawTextWriter = raw.NewTextWriter
)

// experimental is not reached: this release has no experimental events.
func (f *form) experimental(e *Event) {}
