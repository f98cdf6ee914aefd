//go:build go1.25

package main

import (
	"os"
	"path/filepath"
	"runtime/trace"
	"time"
)

func init() {
	workloads["flight-recorder"] = workload{record: flightRecorder}
}

// flightRecorder writes what a flight recorder kept, twice, with an ordinary trace beside it.
func flightRecorder(folder string) error {
	recorder := trace.NewFlightRecorder(trace.FlightRecorderConfig{MinAge: 100 * time.Millisecond})
	if err := recorder.Start(); err != nil {
		return err
	}
	defer recorder.Stop()
	for _, name := range []string{"flight-0.trace", "flight-1.trace"} {
		err := record(filepath.Join(folder, "beside-"+name), 0, func() {
			channels()
			files()
		})
		if err != nil {
			return err
		}
		file, err := os.Create(filepath.Join(folder, name))
		if err != nil {
			return err
		}
		if _, err := recorder.WriteTo(file); err != nil {
			return err
		}
		if err := file.Close(); err != nil {
			return err
		}
	}
	return nil
}
