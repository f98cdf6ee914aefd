// The program records a trace of calls from C into Go, also from threads that Go did not make.
//
//	cgocallbacks OUT-FOLDER
package main

/*
#cgo LDFLAGS: -lpthread
#include <pthread.h>
#include <unistd.h>

extern void backToGo(int);

static void callBack(int n) { backToGo(n); }

static void *thread(void *arg) {
	for (int i = 0; i < 20; i++) {
		backToGo(i);
		usleep(100);
	}
	return 0;
}

static void threads(int n) {
	pthread_t all[16];
	if (n > 16) n = 16;
	for (int i = 0; i < n; i++) pthread_create(&all[i], 0, thread, 0);
	for (int i = 0; i < n; i++) pthread_join(all[i], 0);
}

static void sleepInC(int micros) { usleep(micros); }
*/
import "C"

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/trace"
	"sync"
	"time"
)

//export backToGo
func backToGo(n C.int) {
	switch n % 4 {
	case 0:
		time.Sleep(20 * time.Microsecond)
	case 1:
		runtime.Gosched()
	case 2:
		C.sleepInC(50)
	}
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: cgocallbacks OUT-FOLDER")
		os.Exit(2)
	}
	file, err := os.Create(filepath.Join(os.Args[1], "cgo-callbacks.trace"))
	if err == nil {
		err = trace.Start(file)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "cgocallbacks:", err)
		os.Exit(1)
	}
	var wg sync.WaitGroup
	for i := 0; i < 6; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for j := 0; j < 50; j++ {
				C.callBack(C.int(i + j))
			}
		}()
	}
	wg.Add(1)
	go func() {
		defer wg.Done()
		C.threads(8)
	}()
	wg.Wait()
	// Threads that come back after others have gone.
	C.threads(3)
	trace.Stop()
	if err := file.Close(); err != nil {
		fmt.Fprintln(os.Stderr, "cgocallbacks:", err)
		os.Exit(1)
	}
}
