package main

import (
	"bytes"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"sync"
	"syscall"
	"time"
)

func init() {
	workloads["channels"] = workload{round: channels}
	workloads["procs"] = workload{round: procs}
	workloads["locked-threads"] = workload{round: lockedThreads}
	workloads["signals"] = workload{round: signals}
	workloads["cpu-profile"] = workload{round: cpuProfile}
	workloads["sessions"] = workload{record: sessions}
}

// channels blocks and wakes goroutines for every reason that comes cheap.
func channels() {
	var wg sync.WaitGroup
	var mutex sync.Mutex
	cond := sync.NewCond(&mutex)
	ping, pong, quit := make(chan int), make(chan int), make(chan struct{})
	ready := false
	wg.Add(3)
	go func() {
		defer wg.Done()
		for i := 0; i < 300; i++ {
			ping <- i
			<-pong
		}
		close(quit)
	}()
	go func() {
		defer wg.Done()
		for {
			select {
			case i := <-ping:
				pong <- i
			case <-quit:
				return
			}
		}
	}()
	go func() {
		defer wg.Done()
		mutex.Lock()
		for !ready {
			cond.Wait()
		}
		mutex.Unlock()
	}()
	for i := 0; i < 6; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for j := 0; j < 30; j++ {
				mutex.Lock()
				busy(5 * time.Microsecond)
				mutex.Unlock()
				runtime.Gosched()
			}
			time.Sleep(time.Duration(i) * time.Millisecond)
		}()
	}
	time.AfterFunc(time.Millisecond, func() {
		mutex.Lock()
		ready = true
		mutex.Unlock()
		cond.Broadcast()
	})
	wg.Wait()
}

// procs changes the number of Ps under load.
func procs() {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for i := 0; i < 6; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				select {
				case <-stop:
					return
				default:
					busy(20 * time.Microsecond)
					span := syscall.NsecToTimespec(int64(30 * time.Microsecond))
					syscall.Nanosleep(&span, nil)
				}
			}
		}()
	}
	for _, n := range []int{1, 4, 2, 8, 3, 1, 2} {
		runtime.GOMAXPROCS(n)
		time.Sleep(3 * time.Millisecond)
	}
	close(stop)
	wg.Wait()
}

// lockedThreads ties goroutines to threads; every other one takes its thread along when it ends.
func lockedThreads() {
	var wg sync.WaitGroup
	for i := 0; i < 12; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			runtime.LockOSThread()
			for j := 0; j < 10; j++ {
				runtime.Gosched()
				time.Sleep(50 * time.Microsecond)
			}
			if i%2 == 0 {
				runtime.UnlockOSThread()
			}
		}()
	}
	wg.Wait()
}

// signals delivers signals to the process itself.
func signals() {
	caught := make(chan os.Signal, 16)
	signal.Notify(caught, syscall.SIGUSR1)
	defer signal.Stop(caught)
	for i := 0; i < 10; i++ {
		must(syscall.Kill(os.Getpid(), syscall.SIGUSR1))
		<-caught
	}
}

// cpuProfile lets the profiler's samples come in among the events.
func cpuProfile() {
	var profile bytes.Buffer
	must(pprof.StartCPUProfile(&profile))
	defer pprof.StopCPUProfile()
	var wg sync.WaitGroup
	for i := 0; i < 4; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for j := 0; j < 10; j++ {
				busy(5 * time.Millisecond)
				runtime.Gosched()
			}
		}()
	}
	wg.Wait()
}

// sessions starts and stops tracing many times while work goes on, so that traces begin and
// end in the middle of everything.
func sessions(folder string) error {
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for _, work := range []func(){files, blockingSyscalls, channels, gc, lockedThreads} {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				select {
				case <-stop:
					return
				default:
					work()
				}
			}
		}()
	}
	for i := 0; i < 20; i++ {
		path := filepath.Join(folder, fmt.Sprintf("session-%02d.trace", i))
		if err := record(path, 0, func() { time.Sleep(time.Duration(i%5) * time.Millisecond) }); err != nil {
			return err
		}
	}
	close(stop)
	wg.Wait()
	return nil
}
