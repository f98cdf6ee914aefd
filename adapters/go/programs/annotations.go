package main

import (
	"context"
	"fmt"
	"runtime/pprof"
	"runtime/trace"
	"sync"
)

func init() {
	workloads["annotations"] = workload{round: annotations}
}

// annotations nests tasks and regions over goroutines, logs, and sets labels.
func annotations() {
	ctx, outer := trace.NewTask(context.Background(), "outer")
	defer outer.End()
	var wg sync.WaitGroup
	for i := 0; i < 10; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			ctx, task := trace.NewTask(ctx, fmt.Sprintf("worker %d", i%3))
			defer task.End()
			pprof.Do(ctx, pprof.Labels("worker", fmt.Sprint(i)), func(ctx context.Context) {
				for j := 0; j < 20; j++ {
					trace.WithRegion(ctx, "prepare", func() { trace.Log(ctx, "step", "a \"quoted\"\tline\n") })
					region := trace.StartRegion(ctx, "work")
					trace.Logf(ctx, "", "round %d \u00e9\xff", j)
					trace.WithRegion(context.Background(), "no task", func() {})
					region.End()
				}
			})
		}()
	}
	// A region that nobody ends, and a task that ends elsewhere.
	trace.StartRegion(ctx, "left open")
	_, elsewhere := trace.NewTask(ctx, "ends elsewhere")
	wg.Add(1)
	go func() {
		defer wg.Done()
		elsewhere.End()
	}()
	wg.Wait()
}
